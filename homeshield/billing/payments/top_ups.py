"""Automatic top-up: what an owner sets, the card that Stripe saves, and when it is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from homeshield.accounts.models import User
from homeshield.accounts.permissions import ClientStatus
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.payments.amounts import PAY_IN_LEAST, PAY_IN_MOST, amount_check
from homeshield.billing.payments.errors import TopUpNotSet
from homeshield.billing.payments.models import UNDER_WAY, Payment, Provider
from homeshield.billing.payments.stripe_api import Checkout, card_checkout, customer_make, saved_card
from homeshield.billing.payments.top_up_models import TopUp, TopUpState

THRESHOLD_LEAST = Decimal(1)

MOST_A_DAY = 10
"""Charges of one client's card within 24 hours: what a runaway program can cost."""


def top_up_of(client_id: UUID) -> TopUp | None:
    """A client's settings, None if it never made any."""
    return TopUp.objects.filter(client_id=client_id).select_related("paused_after").first()


def top_up_set(*, client_id: UUID, threshold: Decimal, amount: Decimal, by: User, as_of: datetime) -> TopUp:
    """Sets when and by how much (USD). With a saved card it is on from now on; else it is once a card is saved.

    Raises PaymentRefused.
    """
    threshold = amount_check(threshold, least=THRESHOLD_LEAST, most=PAY_IN_MOST, field="threshold")
    amount = amount_check(amount, least=PAY_IN_LEAST, most=PAY_IN_MOST)
    with transaction.atomic():
        made, _ = TopUp.objects.get_or_create(
            client_id=client_id,
            defaults={"threshold": threshold, "amount": amount, "changed_at_utc": as_of, "changed_by": by},
        )
        top_up = TopUp.objects.select_for_update(no_key=True).get(client_id=made.client_id)
        top_up.threshold, top_up.amount = threshold, amount
        top_up.changed_at_utc, top_up.changed_by = as_of, by
        if top_up.card_id:
            top_up.state, top_up.paused_after = TopUpState.ON, None
        top_up.save()
        _record(top_up, AuditAction.TOP_UP_SET, as_of=as_of)
    return top_up


def top_up_switch_off(*, client_id: UUID, by: User, as_of: datetime) -> TopUp:
    """Charges no more. What is under way still comes in. Raises TopUpNotSet."""
    with transaction.atomic():
        top_up = TopUp.objects.select_for_update(no_key=True).filter(client_id=client_id).first()
        if top_up is None:
            raise TopUpNotSet
        top_up.state, top_up.paused_after = TopUpState.OFF, None
        top_up.changed_at_utc, top_up.changed_by = as_of, by
        top_up.save()
        _record(top_up, AuditAction.TOP_UP_OFF, as_of=as_of)
    return top_up


def card_begin(*, client_id: UUID, back_to: str, cancel_to: str) -> Checkout:
    """Returns Stripe's page that saves the card. Raises TopUpNotSet, NoCardPayments, StripeAway, StripeSaysNo."""
    top_up = top_up_of(client_id)
    if top_up is None:
        raise TopUpNotSet
    customer_id = top_up.customer_id or customer_make(client_id=client_id)
    checkout = card_checkout(client_id=client_id, customer_id=customer_id, back_to=back_to, cancel_to=cancel_to)
    TopUp.objects.filter(client_id=client_id).update(customer_id=customer_id, session_id=checkout.session_id)
    return checkout


def card_save(*, client_id: UUID, session_id: str, setup_intent_id: str, as_of: datetime) -> bool:
    """Takes the card of the page that was opened last, and switches top-up on. Returns whether it was that one.

    Raises StripeAway, StripeSaysNo.
    """
    top_up = top_up_of(client_id)
    if top_up is None or top_up.session_id != session_id:
        return False
    card = saved_card(setup_intent_id=setup_intent_id)
    with transaction.atomic():
        top_up = TopUp.objects.select_for_update(no_key=True).get(client_id=client_id)
        if top_up.session_id != session_id:
            return False
        if top_up.card_id != card.card_id:
            top_up.card_id, top_up.card_label = card.card_id, card.label
            top_up.state, top_up.paused_after = TopUpState.ON, None
            top_up.save(update_fields=["card_id", "card_label", "state", "paused_after"])
            _record(top_up, AuditAction.TOP_UP_CARD, as_of=as_of)
    return True


def top_ups_due(*, as_of: datetime) -> Sequence[UUID]:
    """Clients whose balance is below their threshold, and for whom none is under way."""
    return list(_due(as_of).order_by("client").values_list("client", flat=True))


def _due(as_of: datetime) -> QuerySet[TopUp]:
    mine = Payment.objects.filter(client=OuterRef("client"), automatic=True)
    today = mine.filter(started_at_utc__gt=as_of - timedelta(days=1)).order_by("started_at_utc")
    return TopUp.objects.filter(
        ~Exists(mine.filter(status__in=UNDER_WAY)),
        ~Exists(today[MOST_A_DAY - 1 : MOST_A_DAY]),
        state=TopUpState.ON,
        client__status=ClientStatus.ACTIVE,
        client__account__balance__lt=F("threshold"),
    )


def top_up_start(*, client_id: UUID, as_of: datetime) -> UUID | None:
    """Begins a top-up if it is due still, and returns the payment's id. The caller enqueues its charge in the same
    transaction. Of several workers at once, one begins it."""
    top_up = TopUp.objects.select_for_update(no_key=True).filter(client_id=client_id).first()
    if top_up is None or not _due(as_of).filter(client_id=client_id).exists():
        return None
    payment = Payment(
        client_id=client_id, provider=Provider.STRIPE, automatic=True, amount=top_up.amount, started_at_utc=as_of
    )
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError:  # another one is under way
        return None
    audit_record(
        action=AuditAction.TOP_UP_START, obj=payment, client_id=client_id, details={"amount": payment.amount},
        as_of=as_of,
    )  # fmt: skip
    return payment.id


def _record(top_up: TopUp, action: AuditAction, *, as_of: datetime) -> None:
    audit_record(
        action=action, obj=top_up, client_id=top_up.client_id,
        details={"threshold": top_up.threshold, "amount": top_up.amount}, as_of=as_of,
    )  # fmt: skip
