"""Paying in as people and Stripe do: by the page, and by messages to the webhook."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.test import Client as Browser
from django.urls import reverse

from homeshield.billing.ledger.models import LedgerLeg, LedgerTransaction
from homeshield.billing.ledger.selectors import balance_of
from homeshield.billing.payments.models import Payment
from tests.stripe_server import Event


def pay_in(browser: Browser, amount: str = "280.00", next_page: str = "") -> Payment:
    """Sends the form, and returns the payment that it began. The customer is on Stripe's page now."""
    before = set(Payment.objects.values_list("id", flat=True))
    answer = browser.post(reverse("billing:payment-new"), {"amount": amount, "next": next_page})
    assert answer.status_code == 303, answer.content.decode()
    return Payment.objects.exclude(id__in=before).get()


def deliver(*events: Event | Iterable[Event], signature: str | None = None) -> list[int]:
    """Stripe sends messages. Returns how each was answered."""
    flat = [one for given in events for one in ([given] if isinstance(given, Event) else given)]
    return [
        Browser(raise_request_exception=False)
        .post(
            reverse("billing:stripe-webhook"),
            event.body,
            content_type="application/json",
            headers={"Stripe-Signature": event.signature() if signature is None else signature},
        )
        .status_code
        for event in flat
    ]


def balance(client_id: UUID) -> Decimal:
    return balance_of(client_id).balance


def ledger(client_id: UUID) -> list[tuple[str, Decimal]]:
    """What happened on a client's account, in its order."""
    legs = LedgerLeg.objects.filter(client_id=client_id).order_by("entry")
    return [(leg.kind, leg.amount) for leg in legs]


def adds_up() -> bool:
    """Whether every transaction sums to zero."""
    sums = LedgerTransaction.objects.annotate(all=Sum("legs__amount")).values_list("all", flat=True)
    return set(sums) <= {Decimal(0)}
