"""Discounts and clients' own prices, in force from an instant that may lie in the past."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from homeshield.accounts.models import Client
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.discounts.services import client_price_set, discount_set
from pricing.errors import ChangeNotConfirmed
from pricing.models import ClientPrice, DiscountRule


def discount_make(percentage: str, *, since: datetime, name: str = "Spring sale", **facts: Any) -> DiscountRule:
    return DiscountRule.objects.create(name=name, percentage=Decimal(percentage), effective_from_utc=since, **facts)


def own_price_make(
    client: Client,
    amount: str,
    *,
    since: datetime,
    classification: Classification = Classification.GOLD,
    age_bucket: AgeBucket = AgeBucket.MONTH_6_TO_8,
    **facts: Any,
) -> ClientPrice:
    return ClientPrice.objects.create(
        client=client, classification=classification, age_bucket=age_bucket, amount=Decimal(amount),
        effective_from_utc=since, **facts,
    )  # fmt: skip


def offers_make(client: Client, *, since: datetime) -> None:
    """One of each for a client, which lower no price of an order that a test places by the way."""
    discount_make("5", since=since, client=client, least_leads=50_000)
    own_price_make(client, "500.00", since=since)


def discount_set_anyway(**arguments: Any) -> DiscountRule:
    """Sets a discount, and confirms what is asked."""
    try:
        return discount_set(**arguments)
    except ChangeNotConfirmed as question:
        return discount_set(**arguments, confirmed=str(question.change))


def client_price_set_anyway(**arguments: Any) -> ClientPrice:
    """Sets a client's own price, and confirms what is asked."""
    try:
        return client_price_set(**arguments)
    except ChangeNotConfirmed as question:
        return client_price_set(**arguments, confirmed=str(question.change))
