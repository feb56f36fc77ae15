"""An order to export."""

from collections.abc import Callable
from datetime import datetime

import pytest

from homeshield.accounts.models import Client
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.models import Order
from tests.factories import ClientFactory, stock
from tests.sales.purchases import buy, set_prices

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def company(db: None) -> Client:
    return ClientFactory()


@pytest.fixture
def order_of(company: Client, as_of: datetime) -> Callable[..., Order]:
    """Stocks `count` Gold leads with the given facts, and buys them for the company (or for another buyer)."""

    def order(count: int = 1, *, buyer: Client = company, at: datetime = as_of, **facts: str | None) -> Order:
        if not PriceRule.objects.exists():
            set_prices(at)
        stock(count, as_of=at, **facts)  # type: ignore[arg-type]  # facts of leads, not an age
        return buy(buyer, count, GOLD, as_of=at)

    return order
