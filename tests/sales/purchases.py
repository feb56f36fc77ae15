"""Shorthand for purchases in tests: prices of the contract, and an order at a given instant."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection

from homeshield.accounts.models import Client
from inventory.facts.criteria import Criteria, Demand
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.models import Order
from sales.ordering import terms
from sales.ordering.baskets import CriteriaBasket
from sales.ordering.services import order_place

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


def end_of_load() -> None:
    """What the commit of a load does: orders of the same test are checked at their end again, not at each statement."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def demand(quantity: int, criteria: Criteria) -> Demand:
    return Demand(criteria=criteria, quantity=quantity)


def at(as_of: datetime, service: Callable[..., Order], **request: Any) -> Order:
    """What the service orders, as of an instant of the test's own instead of the database's transaction time."""

    def dated(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql == terms.TERMS:
            sql, params = sql.replace("now()", "%(as_of)s::timestamptz"), params | {"as_of": as_of}
        return execute(sql, params, many, context)

    with connection.execute_wrapper(dated):
        return service(**request)


def place(client: Client, *demands: Demand, as_of: datetime, key: str | None = None) -> Order:
    """An order of several lines at `as_of`, under a key of its own unless one is given."""
    basket = CriteriaBasket(demands)
    return at(as_of, order_place, client_id=client.id, user_id=None, basket=basket, key=key or str(uuid4()))


def buy(client: Client, quantity: int, criteria: Criteria, *, as_of: datetime, key: str | None = None) -> Order:
    """An order of one line at `as_of`."""
    return place(client, demand(quantity, criteria), as_of=as_of, key=key)
