"""What a message of Stripe's says, in our words. Pure: no clock, no database, no network.

Everything of a message that we do not need is left behind here, such as names, addresses and cards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from homeshield.billing.payments.models import PaymentStatus
from homeshield.billing.payments.refund_models import DisputeStatus, RefundStatus
from homeshield.lib.money import CENT

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Ids that name what a report is about. Ours are those that we gave Stripe with the call."""

    payment_id: UUID | None = None
    client_id: UUID | None = None
    refund_id: UUID | None = None
    intent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReport:
    about: About
    status: PaymentStatus
    amount: Decimal
    currency: str
    session_id: str | None = None
    failure: str = ""
    only_automatic: bool = False
    """Whether it speaks of a top-up alone: on a Checkout page, a card that is declined may be followed by another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReport:
    about: About
    provider_id: str | None
    """None where Stripe refused to make it."""
    status: RefundStatus
    amount: Decimal
    currency: str
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReport:
    about: About
    provider_id: str
    status: DisputeStatus
    amount: Decimal
    currency: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    """A card was saved for automatic top-up."""

    about: About
    session_id: str
    setup_intent_id: str


type Report = PaymentReport | RefundReport | DisputeReport | CardReport


class Unreadable(ValueError):
    """The message lacks what its kind has."""


def report_of(kind: str, what: Object) -> Report | None:
    """The report of an event's object, or None for a kind that changes nothing here. Raises Unreadable."""
    if (read := READERS.get(kind)) is None:
        return None
    try:
        return read(what)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unreadable(kind) from error


def session_report(what: Object) -> Report | None:
    """A Checkout session as it stands, from an event or from Stripe itself."""
    if what["mode"] == "setup":
        if what["status"] != "complete":
            return None
        return CardReport(about=_about(what), session_id=what["id"], setup_intent_id=_id(what["setup_intent"]) or "")
    if what["mode"] != "payment":
        return None
    if what["status"] == "expired":
        status = PaymentStatus.EXPIRED
    elif what["status"] != "complete":
        return None
    else:
        paid = what["payment_status"] == "paid"
        status = PaymentStatus.PAID if paid else PaymentStatus.PROCESSING  # a bank debit settles days later
    return PaymentReport(
        about=_about(what), status=status, amount=_dollars(what["amount_total"]), currency=what["currency"],
        session_id=what["id"],
    )  # fmt: skip


def intent_report(what: Object) -> Report | None:
    """A payment intent as it stands."""
    statuses = {"succeeded": PaymentStatus.PAID, "processing": PaymentStatus.PROCESSING}
    status = statuses.get(what["status"], PaymentStatus.FAILED)
    error = what.get("last_payment_error") or {}
    return PaymentReport(
        about=_about(what, intent_id=what["id"]),
        status=status,
        amount=_dollars(what["amount_received"] if status is PaymentStatus.PAID else what["amount"]),
        currency=what["currency"],
        failure=str(error.get("decline_code") or error.get("code") or "") if status is PaymentStatus.FAILED else "",
        only_automatic=status is PaymentStatus.FAILED,
    )


def refund_report(what: Object) -> RefundReport:
    """A refund as it stands."""
    statuses = {"succeeded": RefundStatus.SUCCEEDED, "failed": RefundStatus.FAILED, "canceled": RefundStatus.FAILED}
    status = statuses.get(what["status"], RefundStatus.PENDING)
    return RefundReport(
        about=_about(what), provider_id=what["id"], status=status, amount=_dollars(what["amount"]),
        currency=what["currency"], failure=str(what.get("failure_reason") or "")[:100],
    )  # fmt: skip


def dispute_report(what: Object) -> DisputeReport:
    """A dispute as it stands. An inquiry takes no money until it becomes a dispute."""
    said = what["status"]
    if said == "won" or said == "lost":
        status = DisputeStatus(said)
    else:
        inquiry = said.startswith("warning_") or said == "prevented"
        status = DisputeStatus.INQUIRY if inquiry else DisputeStatus.OPEN
    return DisputeReport(
        about=_about(what), provider_id=what["id"], status=status, amount=_dollars(what["amount"]),
        currency=what["currency"], reason=str(what.get("reason") or "")[:100],
    )  # fmt: skip


def _settled(status: PaymentStatus) -> Callable[[Object], Report | None]:
    """For the two events that say how a bank debit ended."""

    def read(what: Object) -> Report | None:
        report = session_report(what)
        return replace(report, status=status) if isinstance(report, PaymentReport) else None

    return read


READERS: Mapping[str, Callable[[Object], Report | None]] = {
    "checkout.session.completed": session_report,
    "checkout.session.async_payment_succeeded": _settled(PaymentStatus.PAID),
    "checkout.session.async_payment_failed": _settled(PaymentStatus.FAILED),
    "checkout.session.expired": session_report,
    "payment_intent.succeeded": intent_report,
    "payment_intent.payment_failed": intent_report,
    "refund.created": refund_report,
    "refund.updated": refund_report,
    "refund.failed": refund_report,
    "charge.dispute.created": dispute_report,
    "charge.dispute.updated": dispute_report,
    "charge.dispute.closed": dispute_report,
    "charge.dispute.funds_withdrawn": dispute_report,
    "charge.dispute.funds_reinstated": dispute_report,
}
"""The events to subscribe to (docs/payments.md)."""


def _about(what: Object, *, intent_id: str | None = None) -> About:
    ours = what.get("metadata") or {}
    return About(
        payment_id=_key(ours.get("payment_id")),
        client_id=_key(ours.get("client_id")),
        refund_id=_key(ours.get("refund_id")),
        intent_id=intent_id or _id(what.get("payment_intent")),
    )


def _key(text: object) -> UUID | None:
    """Whoever has the Stripe account may write anything there."""
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None


def _id(reference: object) -> str | None:
    """An id, or the object in its place."""
    found = reference.get("id") if isinstance(reference, Mapping) else reference
    return str(found) if found else None


def _dollars(cents: object) -> Decimal:
    if not isinstance(cents, int):
        raise TypeError("An amount is a whole number of cents.")
    return Decimal(cents).scaleb(-2).quantize(CENT)
