"""Each level of a place goes all the way: from the filter and the API to the line of the order and its records.

A new level of `inventory/facts/place.py` is tried here once it has two VALUES (docs/extending.md, "Add a filter").
"""

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from homeshield.accounts.models import User
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compact
from inventory.counting.reading import availability, available_counts
from inventory.facts.criteria import Criteria
from inventory.facts.place import LEVELS, Place
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.quotes import quote_create
from sales.cart.selectors import draft_summary
from sales.models import Order, Sale
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from tests.api.conftest import Caller
from tests.factories import stock
from tests.sales.browse.test_browse_page import shown

pytestmark = pytest.mark.django_db

VALUES = {"state": ("LA", "TX"), "county": ("Caddo", "Bossier")}
"""Two values of each level that one state of leads may have."""


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def criteria(level: str, now: datetime) -> Criteria:
    """A place of this level with three records. One more lies beside it, differs in this level alone, and would be
    sold first."""
    here: dict[str, Any] = {name: VALUES[name][0] for name in LEVELS}
    stock(3, as_of=now, **here)
    stock(1, as_of=now, age_days=210, **here | {level: VALUES[level][1]})
    place = Place(*(here[name] for name in LEVELS[: LEVELS.index(level) + 1]))
    return Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=place)


@pytest.mark.parametrize("compacted", [False, True])
def test_counts_and_facets_know_it(level: str, criteria: Criteria, now: datetime, compacted: bool) -> None:
    if compacted:
        counts_compact()
    assert available_counts(criteria=[criteria], buyer=Buyer(), as_of=now) == {criteria: 3}
    found = availability(criteria=criteria, buyer=Buyer(), as_of=now)
    facets = {"state": found.states, "county": found.counties}[level]
    assert found.total == 3
    assert {facet.value: facet.count for facet in facets} == dict(zip(VALUES[level], (3, 1), strict=True))


def test_a_page_filters_by_it_and_sells_by_it(criteria: Criteria, caller: Caller, buyer: User, now: datetime) -> None:
    browser = Browser()
    browser.force_login(buyer, backend=settings.AUTHENTICATION_BACKENDS[0])
    asked: dict[str, Any] = criteria.as_filter()
    page = browser.get("/inventory/", asked).content.decode()
    assert shown(page) == "3"
    for value in asked.values():
        assert value in page
    assert f'name="box" value="{criteria.place.as_text}"' in page
    browser.post("/order/lines/", asked | {"quantity": 2})
    draft = draft_summary(user=buyer, as_of=now)
    (line,) = draft.lines
    assert (line.criteria, line.available) == (criteria, 3)
    browser.post("/order/lines/", asked | {"quantity": 1})
    draft = draft_summary(user=buyer, as_of=now)
    assert draft.quantity == 3
    assert len(draft.lines) == 1
    browser.post("/order/buy/", {"draft_id": draft.draft_id, "version": draft.version, "expected_total": draft.total})
    assert_bought_in(criteria)


def test_a_program_asks_for_it_and_buys_by_it(level: str, criteria: Criteria, caller: Caller) -> None:
    line = criteria.as_filter() | {"quantity": 3}
    assert caller.get("inventory", **criteria.as_filter()).json()["total"] == 3
    (offer,) = caller.post("availability", {"criteria": [line]}).json()["criteria"]
    assert (offer["available"], offer[level]) == (3, criteria.as_filter()[level])
    body = {"client_id": str(caller.client.id), "criteria": [line]}
    order = caller.post("purchases/by-criteria", body).json()
    assert_bought_in(criteria)
    (bought,) = caller.get(f"purchases/{order['order_id']}").json()["lines"]
    assert bought[level] == criteria.as_filter()[level]


def test_a_record_that_is_gone_is_replaced_within_it(criteria: Criteria, caller: Caller, now: datetime) -> None:
    record, *_ = InventoryRecord.objects.filter(**criteria.as_filter())
    quoted = quote_create(buyer=Buyer(caller.client.id), inventory_ids=[record.id], as_of=now)
    InventoryRecord.objects.filter(id=record.id).update(sold_at_utc=now)
    basket = NamedBasket([record.id], quoted.quote.id)
    order_place(client_id=caller.client.id, user_id=None, basket=basket, key="named")
    assert Sale.objects.get().inventory != record
    assert criteria.contains(Sale.objects.select_related("inventory").get().inventory.criteria)


def test_a_key_that_comes_again_with_another_place_is_refused(level: str, criteria: Criteria, caller: Caller) -> None:
    def ask(place: str) -> Any:
        line = criteria.as_filter() | {level: place, "quantity": 1}
        body = {"client_id": str(caller.client.id), "criteria": [line]}
        return caller.post("purchases/by-criteria", body, Idempotency_Key="same")

    here, there = VALUES[level]
    assert ask(here).status_code == 200
    assert ask(there).json()["detail"]["error"] == "idempotency_key_reused"


def test_the_database_compares_it_with_the_line_of_a_sale(level: str) -> None:
    (trigger,) = (each for each in Sale._meta.triggers if each.name == "sale_agrees_with_inventory")  # type: ignore[attr-defined]
    assert f"coalesce(line.{level}, record.{level}) = record.{level}" in trigger.func


def assert_bought_in(criteria: Criteria) -> None:
    """The only order has one line, which asked for exactly this, and its three records lie there."""
    (line,) = Order.objects.get().lines.all()
    assert line.criteria == criteria
    assert all(criteria.contains(sale.inventory.criteria) for sale in Sale.objects.select_related("inventory"))
    assert Sale.objects.count() == 3
