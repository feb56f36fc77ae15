"""Every value that the API offers for a filter can be sent back, and finds exactly what it promised."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inventory.facts.place import Place
from leads.lengths import LONGEST_PLACE
from sales.history.selectors import order_sale_ids
from sales.models import Order
from tests.api.conftest import Caller
from tests.api.test_reference import by_criteria, line
from tests.factories import stock

LONG = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(850))  # near what the indexes hold, and hard to compress

counties = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=LONGEST_PLACE),
    st.sampled_from(
        ["Caddo", "caddo parish", "CADDO", "St. Mary", "Saint  Mary", "unknown", "null", "None", "-", " ", "a&b=c",
         "100%", "+", "%00", "#", "é", "e\u0301", "\u200b", "\n", "\t", "\x7f", "x" * LONGEST_PLACE,
         LONG[:LONGEST_PLACE]]
    ),
)  # fmt: skip


def asked(caller: Caller, path: str, **query: Any) -> Any:
    answer = caller.get(path, **{name: value for name, value in query.items() if value is not None})
    assert answer.status_code == 200, (query, answer.content)
    return answer.json()


@pytest.mark.usefixtures("_calls_without_end")
@given(stocked=st.lists(st.tuples(st.sampled_from(["LA", "TX"]), st.none() | counties), min_size=1, max_size=6))
@example(stocked=[("LA", "Caddo"), ("LA", "caddo parish"), ("LA", "x" * LONGEST_PLACE), ("LA", None), ("TX", "\x1f")])
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_each_offered_value_finds_exactly_its_count(
    caller: Caller, now: datetime, stocked: list[tuple[str, str | None]]
) -> None:
    before = transaction.savepoint_create()
    try:
        for state, county in stocked:
            stock(1, as_of=now, state=state, county=county)
        for state in asked(caller, "inventory/facets")["states"]:
            facets = asked(caller, "inventory/facets", state=state["value"])
            assert facets["total"] == state["count"] == sum(one == state["value"] for one, _ in stocked)
            assert {one["value"] for one in facets["counties"]} == {
                county for one, county in stocked if one == state["value"] and county is not None
            }
            for county in facets["counties"]:
                place = {"state": state["value"], "county": county["value"]}
                found = asked(caller, "inventory", **place)
                assert found["total"] == len(found["items"]) == county["count"]
                assert {item["county"] for item in found["items"]} == {county["value"]}
                narrowed = asked(caller, "inventory/facets", **place)
                assert narrowed["total"] == county["count"]
                for name, kind in (("classifications", "classification"), ("age_buckets", "age_bucket")):
                    for choice in narrowed[name]:
                        again = asked(caller, "inventory/facets", **place, **{kind: choice["value"]})
                        assert again["total"] == choice["count"]
        offered = asked(caller, "inventory/locations")["counties_by_state"]
        assert sorted((state, name) for state, names in offered.items() for name in names) == sorted(
            {(state, county) for state, county in stocked if county is not None}
        )
    finally:
        transaction.savepoint_rollback(before)


@pytest.fixture
def _calls_without_end(settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = settings.API_CALLS_AT_ONCE = 1_000_000


def test_a_county_from_before_counties_had_a_bound_is_found_too(caller: Caller, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads DROP CONSTRAINT lead_places_are_short")  # the leads from before stay
    stock(2, as_of=now, county=LONG)
    (offered,) = asked(caller, "inventory/facets", state="LA")["counties"]
    assert (offered["value"], offered["count"]) == (LONG, 2)
    assert asked(caller, "inventory", state="LA", county=offered["value"])["total"] == 2


@pytest.mark.parametrize("county", ["caddo parish", "x" * LONGEST_PLACE, "\t", "Nowhere"])
def test_what_is_offered_can_be_bought(caller: Caller, now: datetime, county: str) -> None:
    """And not the leads of the county whose name that is another spelling of."""
    stock(2, as_of=now)
    stock(2, as_of=now, county=county)
    answer = by_criteria(caller, line(2, county=county), Idempotency_Key="once")
    assert answer.status_code == 200, answer.content
    order = Order.objects.get()
    assert {sale.lead.county for sale in order.sales.select_related("lead")} == {county}
    assert Place("LA", county).label == f"{county}, LA"
    again = by_criteria(caller, line(2, county=county), Idempotency_Key="once")  # that county has no stock any more
    assert (again.status_code, again.json()["replayed"]) == (200, True), again.content
    assert again.json()["sale_ids"] == [str(key) for key in order_sale_ids(order)]


def test_another_spelling_of_a_county_means_it_where_there_is_no_stock_of_that_spelling(
    caller: Caller, now: datetime
) -> None:
    stock(2, as_of=now)
    assert asked(caller, "inventory", state="LA", county="caddo parish")["total"] == 2
    stock(3, as_of=now, county="caddo parish")
    assert asked(caller, "inventory", state="LA", county="caddo parish")["total"] == 3
    assert asked(caller, "inventory", state="LA", county="Caddo")["total"] == 2
