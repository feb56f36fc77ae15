"""Whatever the order in which reports come, and however often: the ledger is the same (contract, "Money")."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.accounts.models import Client
from homeshield.billing.payments.events import event_receive
from homeshield.billing.payments.models import Payment
from tests.factories import ClientFactory
from tests.homeshield.billing.payments.paying import adds_up, balance, ledger

AS_OF = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
AMOUNT = 10_000


@dataclass(frozen=True)
class Story:
    """What happened to a payment, as Stripe would tell it in order."""

    pays: str
    """By `card`, by `debit`, or by a debit that is `refused`; or `never`."""
    refunds: tuple[tuple[int, str], ...] = ()
    """Cents, and how each ended."""
    dispute: str = ""
    """How it ended; empty for none."""

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            *_of_session(self.pays),
            *(event for number, refund in enumerate(self.refunds) for event in _of_refund(number, *refund)),
            *(_of_dispute(self.dispute) if self.dispute else []),
        ]

    @property
    def entries(self) -> Counter[tuple[str, Decimal]]:
        """What the ledger must hold at the end."""
        if self.pays not in {"card", "debit"}:
            return Counter()
        found = Counter({("payment", Decimal(AMOUNT) / 100): 1})
        for cents, ended in self.refunds:
            found[("refund", Decimal(-cents) / 100)] += 1
            found[("reversal", Decimal(cents) / 100)] += ended == "failed"
        if self.dispute and not self.dispute.startswith("warning"):
            found[("dispute", Decimal(-30))] += 1
            found[("dispute_won", Decimal(30))] += self.dispute == "won"
        return +found


def _of_session(pays: str) -> list[tuple[str, dict[str, Any]]]:
    session = {
        "object": "checkout.session", "id": "cs_1", "mode": "payment", "status": "complete", "currency": "usd",
        "payment_status": "unpaid", "amount_total": AMOUNT, "payment_intent": "pi_1",
    }  # fmt: skip
    intent = {
        "object": "payment_intent", "id": "pi_1", "amount": AMOUNT, "amount_received": AMOUNT, "currency": "usd",
        "status": "succeeded", "last_payment_error": None,
    }  # fmt: skip
    paid = session | {"payment_status": "paid"}
    declined = ("payment_intent.payment_failed", intent | {"status": "requires_payment_method", "amount_received": 0})
    return {
        "card": [declined, ("payment_intent.succeeded", intent), ("checkout.session.completed", paid)],
        "debit": [
            ("checkout.session.completed", session),
            ("payment_intent.succeeded", intent),
            ("checkout.session.async_payment_succeeded", paid),
        ],
        "refused": [
            ("checkout.session.completed", session),
            declined,
            ("checkout.session.async_payment_failed", session),
        ],
        "never": [("checkout.session.expired", session | {"status": "expired", "payment_intent": None})],
    }[pays]


def _of_refund(number: int, cents: int, ended: str) -> list[tuple[str, dict[str, Any]]]:
    refund = {
        "object": "refund", "id": f"re_{number}", "payment_intent": "pi_1", "amount": cents, "currency": "usd",
        "status": "pending",
    }  # fmt: skip
    last = "refund.failed" if ended == "failed" else "refund.updated"
    return [("refund.created", refund), ("refund.updated", refund), (last, refund | {"status": ended})]


def _of_dispute(ended: str) -> list[tuple[str, dict[str, Any]]]:
    inquiry = ended.startswith("warning")
    dispute = {
        "object": "dispute", "id": "du_1", "payment_intent": "pi_1", "amount": 3_000, "currency": "usd",
        "reason": "fraudulent", "status": "warning_needs_response" if inquiry else "needs_response",
    }  # fmt: skip
    closed = ("charge.dispute.closed", dispute | {"status": ended})
    return [("charge.dispute.created", dispute), ("charge.dispute.updated", dispute), closed]


stories = st.builds(
    Story,
    pays=st.sampled_from(["card", "debit", "refused", "never"]),
    refunds=st.lists(
        st.tuples(st.sampled_from([1, 1_999, 5_000, AMOUNT]), st.sampled_from(["succeeded", "failed", "canceled"])),
        max_size=3,
    ).map(tuple),
    dispute=st.sampled_from(["", "won", "lost", "warning_closed"]),
).map(lambda story: replace(story, refunds=tuple((c, "failed" if e == "canceled" else e) for c, e in story.refunds)))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[Story, list[int]]:
    """A story, and which of its messages come one after the other: each once at least, some again."""
    story = draw(stories)
    each = list(range(len(story.told())))
    again = draw(st.lists(st.sampled_from(each), max_size=5))
    return story, draw(st.permutations([*each, *again]))


@pytest.fixture
def company(db: None) -> Client:
    return ClientFactory()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivered=deliveries())
def test_any_order_and_repetition_of_events_gives_the_same_ledger(
    company: Client, delivered: tuple[Story, list[int]]
) -> None:
    story, order = delivered
    before = transaction.savepoint_create()
    payment = Payment.objects.create(
        client=company, provider="stripe", amount=Decimal(AMOUNT) / 100, started_at_utc=AS_OF, intent_id="pi_1"
    )
    told = story.told()
    for number in order:
        kind, what = told[number]
        event_receive({"id": f"evt_{number}", "type": kind, "data": {"object": _named(what, payment.id)}}, as_of=AS_OF)
    connection.check_constraints()
    entries = Counter(ledger(company.id))
    assert entries == story.entries, (story, order)
    assert balance(company.id) == sum((amount * times for (_, amount), times in entries.items()), Decimal(0))
    assert adds_up()
    transaction.savepoint_rollback(before)


def _named(what: dict[str, Any], payment_id: UUID) -> dict[str, Any]:
    """Sessions and intents name the payment, refunds and disputes its intent alone."""
    return what | {"metadata": {"payment_id": str(payment_id)} if what["object"][0] in "cp" else {}}
