"""A company that bought ten Gold leads of eight dollars each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from homeshield.accounts.models import Client, User
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Load
from sales.models import Order, Sale
from sales.returns.models import ReturnReason
from sales.returns.services import Answered, Asked, returns_make
from tests.factories import UserFactory, stock
from tests.sales.purchases import buy, set_prices

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@dataclass
class Bought:
    """What a company bought, and how it returns it. Its share at once is 16.00 dollars: two leads."""

    user: User
    order: Order
    as_of: datetime

    @property
    def client(self) -> Client:
        assert self.user.client is not None
        return self.user.client

    @property
    def sales(self) -> list[Sale]:
        return list(Sale.objects.filter(order=self.order).select_related("lead").order_by("id"))

    def give_back(
        self, *sales: Sale, reason: ReturnReason = ReturnReason.DISCONNECTED, as_of: datetime | None = None
    ) -> list[Answered]:
        asked = [Asked(sale_id=sale.id, reason=reason, note="No tone.") for sale in sales]
        return returns_make(
            client_id=self.client.id, asked=asked, user_id=self.user.id, as_of=as_of or self.as_of
        )  # fmt: skip


def bought(as_of: datetime, *, leads: int, user: User | None = None, load: Load | None = None) -> Bought:
    """Bought at `as_of`, by a company of its own unless it is told; returned a minute later unless it is said."""
    stock(leads, as_of=as_of, load=load)
    user = user or UserFactory()
    assert user.client is not None
    return Bought(user, buy(user.client, leads, GOLD, as_of=as_of), as_of + timedelta(minutes=1))


@pytest.fixture
def ten(db: None, as_of: datetime) -> Bought:
    set_prices(since=as_of - timedelta(days=400))
    return bought(as_of, leads=10)
