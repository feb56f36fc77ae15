"""Shorthand for purchases in tests: prices of the contract, and an order at a given instant."""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from homeshield.accounts.models import Client
from inventory.criteria import Criteria, Demand
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.models import Order
from sales.services import order_place

STARTING_PRICES = {
    Classification.GOLD: ("10.00", "8.00", "6.00", "5.00", "4.00"),
    Classification.SILVER: ("7.50", "6.00", "4.50", "4.00", "3.00"),
}


def set_prices(since: datetime) -> None:
    """The contract's starting prices, in force from an instant that may lie in the past."""
    PriceRule.objects.bulk_create(
        PriceRule(classification=classification, age_bucket=bucket, amount=Decimal(amount), effective_from_utc=since)
        for classification, amounts in STARTING_PRICES.items()
        for bucket, amount in zip(AgeBucket, amounts, strict=True)
    )


def demand(quantity: int, criteria: Criteria) -> Demand:
    return Demand(criteria=criteria, quantity=quantity)


def place(client: Client, *demands: Demand, as_of: datetime, key: str | None = None) -> Order:
    """An order of several lines at `as_of`, under a key of its own unless one is given."""
    return order_place(client_id=client.id, user_id=None, demands=demands, key=key or str(uuid4()), as_of=as_of)


def buy(client: Client, quantity: int, criteria: Criteria, *, as_of: datetime, key: str | None = None) -> Order:
    """An order of one line at `as_of`."""
    return place(client, demand(quantity, criteria), as_of=as_of, key=key)
