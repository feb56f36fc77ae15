"""Messages of Stripe's: checked, matched with a payment, and applied once (contract, "Money").

The web's login applies them. It sees no client's rows until the message has said whose payment it is about, and then
that client's alone.
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings
from django.db import connection, transaction

from homeshield.billing.payments.errors import BadSignature, StripeSaysNo
from homeshield.billing.payments.failures import dispute_follow_up, failure_follow_up, refund_follow_up
from homeshield.billing.payments.models import EventOutcome, Payment
from homeshield.billing.payments.posting import Disagrees, dispute_apply, payment_apply, payment_lock, refund_apply
from homeshield.billing.payments.reports import (
    CardReport,
    DisputeReport,
    PaymentReport,
    RefundReport,
    Unreadable,
    intent_report,
    report_of,
)
from homeshield.billing.payments.stripe_api import intent_now
from homeshield.billing.payments.top_ups import card_save
from homeshield.lib.viewer import Viewer, seen_by

logger = logging.getLogger(__name__)

REPLAY_WINDOW = timedelta(minutes=5)
"""A signature that is older counts no more: somebody may have kept the message. Nor one from the future."""

type OfPayment = PaymentReport | RefundReport | DisputeReport


def event_open(body: bytes, signature: str, *, as_of: datetime) -> Mapping[str, Any]:
    """The message, if Stripe signed it within the replay window. Raises BadSignature.

    Several secrets may be in force, while one is replaced by another.
    """
    signed_at = re.search(r"(?:^|,)t=([0-9]{1,12})(?:,|$)", signature)
    if signed_at is None or abs(int(signed_at[1]) - as_of.timestamp()) > REPLAY_WINDOW.total_seconds():
        raise BadSignature
    if not any(_signed(body, signature, secret) for secret in settings.STRIPE_WEBHOOK_SECRETS):
        raise BadSignature
    event = json.loads(body)
    if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        raise BadSignature
    return event


def _signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, signature, secret, None))  # the window is ours
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def event_receive(event: Mapping[str, Any], *, as_of: datetime) -> EventOutcome | None:
    """Applies a message, the first time that it comes. Returns how it was taken; None if it changes nothing here, or
    came before.

    Raises StripeAway if Stripe must be asked whose it is and does not answer: then it comes again.
    """
    try:
        report = report_of(event["type"], event["data"]["object"])
    except (Unreadable, KeyError, TypeError):
        logger.exception("An event from Stripe of a known kind cannot be read: %s.", event["id"])
        return _note(event, EventOutcome.REFUSED, said="It cannot be read.", as_of=as_of)
    if report is None:
        return None
    if isinstance(report, CardReport):
        return _save_card(event, report, as_of=as_of)
    found = _payment_of(report)
    if found is None:
        return _note(event, EventOutcome.FOREIGN, as_of=as_of)
    payment_id, client_id = found
    if report.about.client_id not in (None, client_id):
        return _note(event, EventOutcome.REFUSED, said="It names another client.", as_of=as_of)
    with seen_by(Viewer(client_id)):
        return _apply(event, report, payment_id, client_id, as_of=as_of)


def report_apply(report: OfPayment, payment_id: UUID, *, as_of: datetime) -> None:
    """Applies what Stripe answered to a call of ours, which no event need tell. Raises Disagrees.

    For workers, who see every client's payments.
    """
    with transaction.atomic(durable=True):
        _move(payment_lock(payment_id), report, as_of=as_of)


def _apply(
    event: Mapping[str, Any], report: OfPayment, payment_id: UUID, client_id: UUID, *, as_of: datetime
) -> EventOutcome | None:
    said = ""
    with transaction.atomic():
        # The payment first: a note of it, by its foreign key, would be in the way of another delivery that changes it.
        payment = payment_lock(payment_id)
        if not _insert(event, EventOutcome.APPLIED, client_id=client_id, payment_id=payment_id, as_of=as_of):
            return None
        try:
            _move(payment, report, as_of=as_of)
        except Disagrees as fault:
            said = fault.said
            transaction.set_rollback(True)
    if not said:
        return EventOutcome.APPLIED
    return _note(event, EventOutcome.REFUSED, said=said, client_id=client_id, payment_id=payment_id, as_of=as_of)


def _move(payment: Payment | None, report: OfPayment, *, as_of: datetime) -> None:
    """For a locked payment."""
    if payment is None:
        raise Disagrees("There is no such payment.")
    if report.currency.upper() != payment.currency:
        raise Disagrees(f"The currency is not {payment.currency}.")
    match report:
        case PaymentReport():
            payment_apply(payment, report, as_of=as_of)
            failure_follow_up(payment, as_of=as_of)
        case RefundReport():
            refund_follow_up(refund_apply(payment, report, as_of=as_of))
        case DisputeReport():
            dispute_follow_up(dispute_apply(payment, report, as_of=as_of))


def _payment_of(report: OfPayment) -> tuple[UUID, UUID] | None:
    """The payment's id and its client's. Refunds and disputes name a payment intent, which we may not know yet."""
    about = report.about
    payment_id = about.payment_id
    if payment_id is None and about.refund_id:
        payment_id = _asked("payment_of_refund(%s)", about.refund_id)
    if payment_id is None and about.intent_id:
        payment_id = _asked("payment_of_intent(%s)", about.intent_id) or _named_by_stripe(about.intent_id)
    client_id = _asked("payment_client(%s)", payment_id) if payment_id else None
    return (payment_id, client_id) if payment_id and client_id else None


def _named_by_stripe(intent_id: str) -> UUID | None:
    try:
        report = intent_report(intent_now(intent_id))
    except (StripeSaysNo, KeyError, TypeError):
        return None
    return report.about.payment_id if report else None


def _asked(function: str, argument: UUID | str) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", [argument])  # names of ours alone
        found: UUID | None = cursor.fetchone()[0]
    return found


def _save_card(event: Mapping[str, Any], report: CardReport, *, as_of: datetime) -> EventOutcome | None:
    if report.about.client_id is None:
        return _note(event, EventOutcome.FOREIGN, as_of=as_of)
    client_id = report.about.client_id
    with seen_by(Viewer(client_id)):
        saved = card_save(
            client_id=client_id, session_id=report.session_id, setup_intent_id=report.setup_intent_id, as_of=as_of
        )
        if not saved:
            return _note(event, EventOutcome.FOREIGN, as_of=as_of)
        return _note(event, EventOutcome.APPLIED, client_id=client_id, as_of=as_of)


def _note(
    event: Mapping[str, Any],
    outcome: EventOutcome,
    *,
    said: str = "",
    client_id: UUID | None = None,
    payment_id: UUID | None = None,
    as_of: datetime,
) -> EventOutcome | None:
    with transaction.atomic():
        if not _insert(event, outcome, said=said, client_id=client_id, payment_id=payment_id, as_of=as_of):
            return None
    if outcome is EventOutcome.REFUSED:
        logger.error("An event from Stripe was not applied: %s. %s", event["id"], said)
    return outcome


def _insert(
    event: Mapping[str, Any],
    outcome: EventOutcome,
    *,
    said: str = "",
    client_id: UUID | None = None,
    payment_id: UUID | None = None,
    as_of: datetime,
) -> bool:
    """Whether the event is new."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO payment_events (id, kind, client_id, payment_id, outcome, said, received_at_utc)
            VALUES (%(id)s, %(kind)s, %(client)s, %(payment)s, %(outcome)s, %(said)s, %(as_of)s)
            ON CONFLICT DO NOTHING
            """,
            {
                "id": event["id"][:255],
                "kind": event["type"][:100],
                "client": client_id,
                "payment": payment_id,
                "outcome": outcome.value,
                "said": said[:200],
                "as_of": as_of,
            },
        )
        return bool(cursor.rowcount == 1)
