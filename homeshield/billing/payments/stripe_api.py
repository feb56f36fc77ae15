"""The one place that talks to Stripe, with its own library.

Every call waits for a foreign machine, so none may be made within a transaction: each raises RuntimeError there. Each
that makes something carries an idempotency key, so that a call that is sent again makes nothing twice.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings
from django.db import transaction

from homeshield.billing.payments.errors import NoCardPayments, StripeAway, StripeSaysNo
from homeshield.lib.money import CURRENCY

logger = logging.getLogger(__name__)

stripe.enable_telemetry = False

CONNECT_SECONDS, ANSWER_SECONDS = 5, 20
"""A page waits for it; the library's own 80 seconds would hold a web worker's thread for as long."""

TRIES_AGAIN = 2
"""After a broken connection or a conflict, by the library, with the same idempotency key."""

OPEN_FOR = timedelta(hours=1)
"""How long Stripe's page can be paid on. Afterwards the payment expires."""

WAYS_TO_PAY = ("card", "us_bank_account")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of Stripe's, to which the browser is sent."""

    session_id: str
    url: str


@dataclass(frozen=True, slots=True)
class SavedCard:
    card_id: str
    label: str
    """Such as `Visa ending in 4242`."""


def stripe_is_on() -> bool:
    """Whether the settings name a Stripe account."""
    return bool(settings.STRIPE_SECRET_KEY)


def cents(amount: Decimal) -> int:
    """Stripe counts in cents."""
    return int(amount.scaleb(2))


def payment_checkout(
    *, payment_id: UUID, client_id: UUID, amount: Decimal, back_to: str, cancel_to: str, as_of: datetime
) -> Checkout:
    """Makes the page on which one payment is made. Raises NoCardPayments, StripeAway, StripeSaysNo."""
    about = _about(client_id, payment_id=payment_id)
    with _asking() as client:
        session = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "allowed_payment_method_types": [*WAYS_TO_PAY],
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": CURRENCY.lower(),
                            "unit_amount": cents(amount),
                            "product_data": {"name": "Payment into your HomeShield account"},
                        },
                    }
                ],
                "adaptive_pricing": {"enabled": False},  # dollars alone
                "success_url": back_to,
                "cancel_url": cancel_to,
                "client_reference_id": str(payment_id),
                "metadata": about,
                "payment_intent_data": {"metadata": about},
                "expires_at": int((as_of + OPEN_FOR).timestamp()),
            },
            {"idempotency_key": f"payment-{payment_id}"},
        )
    return _checkout(session)


def card_checkout(*, client_id: UUID, customer_id: str, back_to: str, cancel_to: str) -> Checkout:
    """Makes the page on which a card is saved for automatic top-up. Raises as `payment_checkout`."""
    with _asking() as client:
        session = client.v1.checkout.sessions.create(
            {
                "mode": "setup",
                "allowed_payment_method_types": ["card"],
                "customer": customer_id,
                "success_url": back_to,
                "cancel_url": cancel_to,
                "metadata": _about(client_id),
            }
        )
    return _checkout(session)


def customer_make(*, client_id: UUID) -> str:
    """Makes the customer to whom a client's card belongs, and returns its id. It holds nothing of the client but its
    id. Raises as `payment_checkout`."""
    with _asking() as client:
        customer = client.v1.customers.create(
            {"metadata": _about(client_id)}, {"idempotency_key": f"customer-{client_id}"}
        )
    return customer.id


def saved_card(*, setup_intent_id: str) -> SavedCard:
    """The card that was saved. Raises as `payment_checkout`."""
    with _asking() as client:
        setup = client.v1.setup_intents.retrieve(setup_intent_id, {"expand": ["payment_method"]})
    method = _plain(setup).get("payment_method")
    card = method.get("card") if isinstance(method, dict) else None
    if not isinstance(method, dict) or not isinstance(card, dict):
        raise StripeSaysNo(reason="no_card")
    return SavedCard(str(method["id"]), f"{str(card['brand']).capitalize()} ending in {card['last4']}")


def card_charge(
    *, payment_id: UUID, client_id: UUID, amount: Decimal, customer_id: str, card_id: str
) -> Mapping[str, Any]:
    """Charges a saved card and returns the payment intent. Called twice for a payment, it charges once.

    Raises as `payment_checkout`; StripeSaysNo for a card that is declined.
    """
    with _asking() as client:
        intent = client.v1.payment_intents.create(
            {
                "amount": cents(amount),
                "currency": CURRENCY.lower(),
                "customer": customer_id,
                "payment_method": card_id,
                "allowed_payment_method_types": ["card"],
                "off_session": True,
                "confirm": True,
                "metadata": _about(client_id, payment_id=payment_id),
            },
            {"idempotency_key": f"payment-{payment_id}"},
        )
    return _plain(intent)


def refund_send(*, refund_id: UUID, client_id: UUID, intent_id: str, amount: Decimal) -> Mapping[str, Any]:
    """Refunds a part of a payment and returns the refund. Called twice for a refund, it pays once.

    Raises as `payment_checkout`.
    """
    with _asking() as client:
        refund = client.v1.refunds.create(
            {
                "payment_intent": intent_id,
                "amount": cents(amount),
                "metadata": _about(client_id, refund_id=refund_id),
            },
            {"idempotency_key": f"refund-{refund_id}"},
        )
    return _plain(refund)


def session_now(session_id: str) -> Mapping[str, Any]:
    """A Checkout session as it stands. Raises as `payment_checkout`."""
    with _asking() as client:
        return _plain(client.v1.checkout.sessions.retrieve(session_id))


def intent_now(intent_id: str) -> Mapping[str, Any]:
    """A payment intent as it stands. Raises as `payment_checkout`."""
    with _asking() as client:
        return _plain(client.v1.payment_intents.retrieve(intent_id))


def _about(client_id: UUID, **ids: UUID) -> dict[str, str]:
    """What an event says of us: ids alone."""
    return {"client_id": str(client_id)} | {name: str(one) for name, one in ids.items()}


def _checkout(session: Any) -> Checkout:
    assert session.url is not None
    return Checkout(session.id, session.url)


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.to_dict()
    return plain


@contextmanager
def _asking() -> Iterator[stripe.StripeClient]:
    """Translates the library's errors. Their messages may hold what people typed, so only codes are kept."""
    if not stripe_is_on():
        raise NoCardPayments
    with transaction.atomic(durable=True):  # refuses to be called within a transaction
        pass
    try:
        yield _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        logger.error("Stripe did not answer: %s, request %s.", type(error).__name__, error.request_id)
        raise StripeAway from None
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        logger.error("Stripe refuses STRIPE_SECRET_KEY: %s, request %s.", type(error).__name__, error.request_id)
        raise StripeAway from None
    except stripe.StripeError as error:
        reason = (error.error and getattr(error.error, "decline_code", None)) or error.code or type(error).__name__
        logger.warning("Stripe refuses: %s, %s, request %s.", type(error).__name__, reason, error.request_id)
        raise StripeSaysNo(reason=str(reason)) from None


@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else None,
        max_network_retries=TRIES_AGAIN,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
    )
