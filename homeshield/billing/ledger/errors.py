from decimal import Decimal

from homeshield.lib.errors import DomainError


class InsufficientFunds(DomainError):
    """Balance and credit limit do not cover an order (contract, "Money"). Amounts in USD."""

    code, status, title = "insufficient_funds", 402, "Not enough money"
    sentence = (
        "The order costs ${total:,.2f}, and ${missing:,.2f} of it is missing. Nothing was bought. "
        "Pay in, then buy again."
    )
    in_detail = ("total", "available", "missing")
    total: Decimal
    available: Decimal
    missing: Decimal


class NotReversible(DomainError):
    code, status, title = "not_reversible", 409, "Can’t be reversed"
    sentence = "{reason} Nothing was changed."
    reason: str


class BookedBefore(DomainError):
    code, status, title = "booked_before", 409, "Booked before"
    sentence = "This form was sent before, and is booked once. Open it anew for another adjustment."


class TransactionNotFound(DomainError):
    code, status, title = "transaction_not_found", 404, "Transaction not found"
    sentence = "There is no such transaction."


class BadAmount(DomainError):
    code, status, title = "bad_amount", 422, "Check the amount"
    sentence = "{reason}"
    reason: str
