"""Orders of parallel buyers, and the books that must balance after them."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import uuid4

from django.db.models import Count, Sum

from homeshield.accounts.models import Client
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order, Sale
from sales.ordering.baskets import CriteriaBasket
from sales.ordering.services import order_place
from tests.sales.purchases import at


def gold_6(state: str | None = None, county: str | None = None) -> Criteria:
    return Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place(state, county))


def order(client: Client, *lines: tuple[int, Criteria], as_of: datetime, key: str | None = None) -> Callable[[], Order]:
    """A job that places an order."""
    return partial(
        at,
        as_of,
        order_place,
        client_id=client.id,
        user_id=None,
        basket=CriteriaBasket([Demand(quantity=quantity, criteria=criteria) for quantity, criteria in lines]),
        key=key or str(uuid4()),
    )


def assert_books_balance() -> None:
    """Each record is sold at most once and marked so; each order is whole; totals are the sums of the sales."""
    assert not Sale.objects.values("inventory").annotate(n=Count("id")).filter(n__gt=1).exists()
    marked = InventoryRecord.objects.filter(sold_at_utc__isnull=False)
    assert set(marked.values_list("id", flat=True)) == set(Sale.objects.values_list("inventory_id", flat=True))
    for placed in Order.objects.annotate(sold=Count("sales"), paid=Sum("sales__purchase_price")):
        assert (placed.quantity, placed.total) == (placed.sold, placed.paid)
        for line in placed.lines.all():
            assert placed.sales.filter(line_number=line.number).count() == line.quantity
