"""Parallel deliveries and workers (contract, "Money"): a payment counts once, a card is charged once."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from homeshield.accounts.models import Client, User
from homeshield.billing.payments.models import Payment, PaymentEvent
from homeshield.billing.payments.services import transfer_record
from homeshield.billing.payments.tasks import top_up_charge_now, top_ups_enqueue
from homeshield.billing.payments.top_up_models import TopUp
from tests.concurrency.parallel import rival, run_beside, run_together
from tests.factories import UserFactory
from tests.homeshield.billing.payments.conftest import takes_cards
from tests.homeshield.billing.payments.paying import adds_up, balance, deliver, ledger
from tests.stripe_server import Event, Stripe, stripe_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stripe(settings: Settings) -> Iterator[Stripe]:
    with stripe_server() as service:
        takes_cards(settings, service)
        yield service


@pytest.fixture
def company() -> Client:
    owner: User = UserFactory()
    assert owner.client is not None
    return owner.client


@pytest.fixture
def events(company: Client, stripe: Stripe, now: datetime) -> list[Event]:
    """All that Stripe says of one payment by bank debit, with a refund and a dispute that is won."""
    payment = Payment.objects.create(client=company, provider="stripe", amount=100, started_at_utc=now)
    about = {"client_id": str(company.id), "payment_id": str(payment.id)}
    form = {
        "mode": "payment", "metadata": about, "payment_intent_data": {"metadata": about}, "success_url": "",
        "cancel_url": "", "line_items": {"0": {"price_data": {"unit_amount": "10000"}}},
    }  # fmt: skip
    stripe.answer("POST", "/v1/checkout/sessions", form, None)
    session = stripe.the("checkout.session")["id"]
    told = [*stripe.pay_by_bank(session), *stripe.bank_settles(session)]
    intent = stripe.the("payment_intent")["id"]
    told += [*stripe.refund(intent, 2_000), *stripe.dispute(intent, 3_000)]
    return [*told, *stripe.dispute_closes(stripe.the("dispute")["id"], "won")]


def test_the_same_events_delivered_at_the_same_time_count_once(company: Client, events: list[Event]) -> None:
    """Four deliverers, each with every event, from different ends."""
    orders = [events, events[::-1], events[3:] + events[:3], events[::2] + events[1::2]]
    answers = run_together([partial(deliver, order) for order in orders])
    assert answers == [[200] * len(events)] * 4, answers
    assert sorted(ledger(company.id)) == [
        ("dispute", Decimal(-30)), ("dispute_won", Decimal(30)), ("payment", Decimal(100)), ("refund", Decimal(-20)),
    ]  # fmt: skip
    assert (balance(company.id), adds_up()) == (Decimal(80), True)
    assert PaymentEvent.objects.count() == len(events)


def test_a_delivery_waits_for_the_same_one_and_takes_its_place_if_that_fails(
    company: Client, events: list[Event]
) -> None:
    [settled] = [event for event in events if event.kind == "checkout.session.async_payment_succeeded"]
    with rival(partial(deliver, settled)) as first:
        assert run_beside(partial(deliver, settled), then=partial(first.end, commit=False)) == [200]
    assert ledger(company.id) == [("payment", Decimal(100))]


def test_two_workers_top_up_once(company: Client, stripe: Stripe, now: datetime) -> None:
    owner = company.users.get()
    TopUp.objects.create(
        client=company, state="on", threshold=200, amount=500, customer_id="cus_1", card_id="pm_1",
        card_label="Visa ending in 4242", changed_at_utc=now, changed_by=owner,
    )  # fmt: skip
    begun = run_together([partial(top_ups_enqueue, as_of=timezone.now())] * 4)
    assert sorted(map(str, begun)) == ["0", "0", "0", "1"]
    payment = Payment.objects.get()
    assert run_together([partial(top_up_charge_now, payment_id=payment.id, as_of=timezone.now())] * 4) == [None] * 4
    assert len(stripe.all("payment_intent")) == 1
    assert ledger(company.id) == [("payment", Decimal(500))]


def test_one_transfer_recorded_by_two_counts_once(company: Client) -> None:
    record = partial(
        transfer_record, client_id=company.id, amount=Decimal(10), reference="FED 1", by=None, as_of=timezone.now()
    )
    recorded = run_together([record, record])
    assert sum(isinstance(one, Payment) for one in recorded) == 1
    assert ledger(company.id) == [("payment", Decimal(10))]
