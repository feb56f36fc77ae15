"""What a refusal says where the order has several lines, or a record lacks what criteria can name."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction

from homeshield.accounts.models import Client
from inventory.errors import Alternative, Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.models import InventoryRecord
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.models import Order
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from tests.factories import ClientFactory, stock
from tests.sales.purchases import STARTING_PRICES, at, demand, place

pytestmark = pytest.mark.django_db


def gold_6(state: str | None = None, county: str | None = None) -> Criteria:
    return Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place(state, county))


@pytest.fixture
def client(as_of: datetime) -> Client:
    """In a shop where Silver of 6 to 8 months has no price."""
    PriceRule.objects.bulk_create(
        PriceRule(
            classification=classification, age_bucket=bucket, amount=Decimal(amount),
            effective_from_utc=as_of - timedelta(days=1),
        )
        for classification, amounts in STARTING_PRICES.items()
        for bucket, amount in zip(AgeBucket, amounts, strict=True)
        if (classification, bucket) != (Classification.SILVER, AgeBucket.MONTH_6_TO_8)
    )  # fmt: skip
    return ClientFactory()


def refusal(client: Client, *demands: Demand, as_of: datetime) -> Shortage:
    with pytest.raises(Shortage) as refused:
        place(client, *demands, as_of=as_of)
    return refused.value


def offered(refused: Shortage) -> list[tuple[str, str, int]]:
    return [(str(offer.kind), str(offer.criteria), offer.quantity) for offer in refused.alternatives]


def assert_each_can_be_bought(client: Client, demands: list[Demand], refused: Shortage, as_of: datetime) -> None:
    """In the place of its line, with the other lines as they are."""

    def buy_instead(offer: Alternative) -> Order:
        instead = list(demands)
        instead[refused.index] = demand(offer.quantity, offer.criteria)
        return place(client, *instead, as_of=as_of)

    for offer in refused.alternatives:
        before = transaction.savepoint_create()
        order = buy_instead(offer)
        assert order.lines.get(number=refused.index + 1).amount == offer.amount
        transaction.savepoint_rollback(before)


def test_alternatives_leave_the_other_lines_what_they_need(client: Client, as_of: datetime) -> None:
    stock(5, as_of=as_of, county="Caddo")
    stock(12, as_of=as_of, county="Orleans")
    stock(10, as_of=as_of, county="Caddo", age_days=300)
    gold_9 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)
    lines = [demand(10, gold_6("LA", "Caddo")), demand(14, gold_6("LA")), demand(3, gold_9)]

    refused = refusal(client, *lines, as_of=as_of)

    assert (refused.index, refused.line.quantity, refused.available) == (0, 10, 5)
    # 17 are there and 14 of them go to the second line; of 10 nine-months' leads the third line takes 3.
    assert offered(refused) == [("partial", "Gold MONTH_6_TO_8 state=LA county=Caddo", 3)]
    assert_each_can_be_bought(client, lines, refused, as_of)


def test_a_line_that_is_short_itself_takes_nothing_from_the_alternatives_of_another(
    client: Client, as_of: datetime
) -> None:
    stock(5, as_of=as_of, county="Caddo")
    lines = [demand(10, gold_6("LA", "Caddo")), demand(100, gold_6("LA"))]
    refused = refusal(client, *lines, as_of=as_of)
    assert (refused.index, refused.available) == (0, 5)
    assert offered(refused) == [("partial", "Gold MONTH_6_TO_8 state=LA county=Caddo", 5)]


def test_what_has_no_price_is_no_alternative(client: Client, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    stock(5, as_of=as_of, classification="Silver")
    stock(5, as_of=as_of, age_days=300)
    refused = refusal(client, demand(3, gold_6("LA", "Caddo")), as_of=as_of)
    assert Suggestion.DIFFERENT_CLASSIFICATION not in [offer.kind for offer in refused.alternatives]
    assert [kind for kind, _, _ in offered(refused)] == ["partial", "different_age_bucket"]
    assert all(offer.unit_price > 0 for offer in refused.alternatives)


def test_owned_leads_count_neither_as_available_nor_as_alternatives(client: Client, as_of: datetime) -> None:
    records = stock(4, as_of=as_of - timedelta(days=90), age_days=110)
    PriceRule.objects.create(
        classification="Gold", age_bucket="MONTH_3_TO_5", amount="1.00",
        effective_from_utc=as_of - timedelta(days=100), effective_until_utc=as_of - timedelta(days=50),
    )  # fmt: skip
    gold_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
    place(client, demand(3, gold_3), as_of=as_of - timedelta(days=90))
    inventory_generate(as_of=as_of, now=as_of)
    assert InventoryRecord.objects.sellable(as_of).count() == len(records)
    refused = refusal(client, demand(2, gold_6("LA", "Caddo")), as_of=as_of)
    assert refused.available == 1
    assert offered(refused) == [("partial", "Gold MONTH_6_TO_8 state=LA county=Caddo", 1)]


def test_a_named_record_without_a_county_is_called_so_and_the_state_is_offered(client: Client, as_of: datetime) -> None:
    (gone,) = stock(1, as_of=as_of, county=None)
    InventoryRecord.objects.filter(id=gone.id).update(sold_at_utc=as_of)
    stock(30, as_of=as_of, county="Caddo")
    with pytest.raises(Shortage, match="LA without a county: 1 requested, 0 available") as refused:
        at(as_of, order_place, client_id=client.id, user_id=None, basket=NamedBasket([gone.id]), key=str(uuid4()))
    assert offered(refused.value)[0] == ("no_location_filter", "Gold MONTH_6_TO_8 state=LA", 1)
