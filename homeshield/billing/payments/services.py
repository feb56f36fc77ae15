"""Paying in: by Stripe's page, or by a transfer that staff record (contract, "Money")."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.http import url_has_allowed_host_and_scheme

from homeshield.accounts.models import Client, User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.payments.amounts import PAY_IN_LEAST, PAY_IN_MOST, TRANSFER_LEAST, TRANSFER_MOST, amount_check
from homeshield.billing.payments.errors import (
    ClientUnknown,
    NoCardPayments,
    PaymentNotFound,
    PaymentRefused,
    ReferenceTaken,
    StripeAway,
    StripeSaysNo,
)
from homeshield.billing.payments.models import LONGEST_REFERENCE, Payment, PaymentStatus, Provider
from homeshield.billing.payments.posting import ledger_post
from homeshield.billing.payments.stripe_api import Checkout, payment_checkout, stripe_is_on
from homeshield.lib.errors import refused_by_database

CODE = "HS-"
"""Begins what a client writes on its transfer, so that staff know whose it is."""

_CODE_LENGTH = 10
_ONCE = ("payment_reference_once",)


def payment_start(
    *,
    client_id: UUID,
    amount: Decimal,
    return_to: str,
    by: User,
    link_of: Callable[[UUID], str],
    cancel_to: str,
    as_of: datetime,
) -> Checkout:
    """Begins a payment (USD) by card or bank debit, and returns Stripe's page for it.

    `return_to` is a path of our own, where the user goes on afterwards; `link_of` makes the address of the payment's
    page. Raises PaymentRefused, NoCardPayments, StripeAway, StripeSaysNo; then nothing is charged.
    """
    amount = amount_check(amount, least=PAY_IN_LEAST, most=PAY_IN_MOST)
    if not stripe_is_on():
        raise NoCardPayments
    payment = Payment(
        client_id=client_id, provider=Provider.STRIPE, amount=amount, return_to=own_path(return_to),
        started_at_utc=as_of, started_by=by,
    )  # fmt: skip
    with transaction.atomic(durable=True):
        payment.save(force_insert=True)
        _record(payment, AuditAction.PAYMENT_START, as_of=as_of)
    try:
        checkout = payment_checkout(
            payment_id=payment.id, client_id=client_id, amount=amount, back_to=link_of(payment.id),
            cancel_to=cancel_to, as_of=as_of,
        )  # fmt: skip
    except (StripeAway, StripeSaysNo):
        # Nobody was sent to a page. Should it exist all the same, what is paid there counts.
        Payment.objects.filter(id=payment.id, status=PaymentStatus.OPEN).update(status=PaymentStatus.EXPIRED)
        raise
    # An event may have been quicker.
    Payment.objects.filter(id=payment.id, session_id=None).update(session_id=checkout.session_id)
    return checkout


def transfer_record(*, client_id: UUID, amount: Decimal, reference: str, by: User | None, as_of: datetime) -> Payment:
    """Records a transfer (USD) that has arrived: the money is the client's at once. `by` None is a command.

    Raises PaymentRefused, ReferenceTaken, ClientUnknown.
    """
    amount = amount_check(amount, least=TRANSFER_LEAST, most=TRANSFER_MOST)
    reference = reference_check(reference)
    payment = Payment(
        client_id=client_id, provider=Provider.TRANSFER, amount=amount, reference=reference,
        status=PaymentStatus.PAID, started_at_utc=as_of, started_by=by, paid_at_utc=as_of,
    )  # fmt: skip
    with transaction.atomic():
        if not Client.objects.filter(id=client_id).exists():
            raise ClientUnknown
        with refused_by_database(_ONCE, ReferenceTaken()):
            payment.save(force_insert=True)
        _record(payment, AuditAction.TRANSFER_RECORD, as_of=as_of)
        ledger_post(payment, as_of=as_of)
    return payment


def payment_of(*, client_id: UUID, payment_id: UUID) -> Payment:
    """A client's own payment. Raises PaymentNotFound, for another client's too."""
    found = Payment.objects.filter(id=payment_id, client_id=client_id).first()
    if found is None:
        raise PaymentNotFound
    return found


def reference_check(reference: str) -> str:
    """A transfer's reference in its one form. Raises PaymentRefused."""
    tidy = re.sub(r"\s+", " ", reference).strip()
    if not tidy:
        reason = "Enter the reference from the bank statement. It keeps a transfer from being recorded twice."
    elif len(tidy) > LONGEST_REFERENCE:
        reason = f"A reference has at most {LONGEST_REFERENCE} characters."
    elif not tidy.isprintable():
        reason = "Leave out control characters and invisible characters."
    else:
        return tidy
    raise PaymentRefused(field="reference", reason=reason)


def transfer_code(client_id: UUID) -> str:
    """What a client writes on its transfers, such as `HS-4F0C2A9B1D`: the end of its id, which is random."""
    return CODE + client_id.hex[-_CODE_LENGTH:].upper()


def client_of_code(text: str) -> Client:
    """The client of an id or of a transfer's code. Raises ClientUnknown."""
    wanted = re.sub(r"[\s-]", "", text).lower().removeprefix("hs")
    if not re.fullmatch(r"[0-9a-f]{10}|[0-9a-f]{32}", wanted):
        raise ClientUnknown
    found = list(Client.objects.filter(id__endswith=wanted)[:2]) if len(wanted) < 32 else None
    if found is None:
        found = list(Client.objects.filter(id=UUID(wanted)))
    if len(found) != 1:
        raise ClientUnknown
    return found[0]


def own_path(text: str) -> str:
    """A path of this site, or an empty text: a link from elsewhere must not lead our users away."""
    own = text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    return text if own and len(text) <= 500 and text.isprintable() else ""


def _record(payment: Payment, action: AuditAction, *, as_of: datetime) -> None:
    audit_record(
        action=action, obj=payment, client_id=payment.client_id, details={"amount": payment.amount}, as_of=as_of
    )
