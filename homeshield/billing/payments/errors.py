"""Refusals of paying in and of refunds. None repeats what somebody typed, nor what Stripe answered."""

from decimal import Decimal

from homeshield.lib.errors import DomainError


class PaymentRefused(DomainError):
    """`field` is the argument to correct."""

    code, status, title = "payment_refused", 422, "Check what you entered"
    sentence = "{reason}"
    field: str
    reason: str


class ReferenceTaken(PaymentRefused):
    code, status = "reference_taken", 409
    field: str = "reference"
    reason: str = "A transfer with this reference is recorded already. Each transfer counts once."


class ClientUnknown(PaymentRefused):
    code, status = "client_not_found", 404
    field: str = "client"
    reason: str = "No client has this ID or code."


class NoCardPayments(DomainError):
    code, status, title = "no_card_payments", 409, "Cards aren’t accepted here"
    sentence = "This shop takes no cards at the moment. Pay in by bank transfer."


class StripeAway(DomainError):
    """Stripe did not answer, or answered that it has a problem. What was asked for may have happened."""

    code, status, title = "payments_unavailable", 503, "Card payments are down"
    sentence = "Our card service doesn't answer at the moment. Nothing was charged. Try again in a minute."
    retry_after = 60


class StripeSaysNo(DomainError):
    """Stripe refuses for good. `reason` is its code, such as `card_declined`."""

    code, status, title = "payment_declined", 409, "The payment was declined"
    sentence = "The payment was declined ({reason})."
    reason: str


class PaymentNotFound(DomainError):
    code, status, title = "payment_not_found", 404, "Payment not found"
    sentence = "Your company has no such payment."


class BadSignature(DomainError):
    code, status = "bad_signature", 400
    sentence = "The message is not signed by Stripe, or its signature is too old."


class NothingToRefund(DomainError):
    code, status, title = "nothing_to_refund", 409, "Nothing to refund"
    sentence = "Your company has no money here that was paid in and is unspent."


class TooMuchToRefund(PaymentRefused):
    code, status = "too_much_to_refund", 409
    sentence = "At most ${most:,.2f} was paid in and is unspent. Ask for that or less."
    field: str = "amount"
    reason: str = ""
    most: Decimal


class RefundWaits(DomainError):
    code, status, title = "refund_waits", 409, "A refund is waiting already"
    sentence = "Your company has asked for a refund already. Staff will see to it."


class RefundDecided(DomainError):
    code, status, title = "refund_decided", 409, "Decided already"
    sentence = "Somebody decided on this refund meanwhile. Nothing was changed."


class TopUpNotSet(DomainError):
    code, status, title = "top_up_not_set", 409, "No card yet"
    sentence = "Automatic top-up has no card yet. Set it up first."


class MailsNotSent(DomainError):
    """Fails the task, so that it is done again."""

    code, status = "mails_not_sent", 503
    sentence = "A mail to a client's owners could not be sent."
