"""Exact counts: contract, chapters "Inventory" and "Sale"."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from homeshield.lib.keyset import BadCursor
from inventory.buyer import Buyer
from inventory.counting.reading import Facet, availability, available_count
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.listing import records_page
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from tests.factories import ClientFactory, InventoryFactory, stock
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


def test_counts_follow_the_criteria_and_each_facet_leaves_its_own_filter_open(as_of: datetime) -> None:
    stock(3, as_of=as_of, state="LA", county="Caddo")
    stock(2, as_of=as_of, state="LA", county="Orleans")
    stock(4, as_of=as_of, state="TX", county="Travis")
    stock(5, as_of=as_of, state="TX", county="Travis", classification="Silver")
    stock(1, as_of=as_of, state="LA", county="Caddo", age_days=100)

    found = availability(
        criteria=Criteria(
            classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA", "Caddo")
        ),
        buyer=Buyer(),
        as_of=as_of,
    )

    assert found.total == 3
    assert found.states == [Facet("LA", 5), Facet("TX", 4)]
    assert found.counties == [Facet("Caddo", 3), Facet("Orleans", 2)]
    assert {cell: count for cell, count in found.cells.items() if count} == {
        (Classification.GOLD, AgeBucket.MONTH_6_TO_8): 3,
        (Classification.GOLD, AgeBucket.MONTH_3_TO_5): 1,
    }


def test_a_lead_without_a_county_counts_in_its_state_and_is_no_choice_of_county(as_of: datetime) -> None:
    stock(2, as_of=as_of, state="LA", county=None)
    found = availability(criteria=Criteria(place=Place("LA")), buyer=Buyer(), as_of=as_of)
    assert (found.total, found.states, found.counties) == (2, [Facet("LA", 2)], [])


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (timedelta(days=179, hours=23, minutes=59, seconds=59), 1),
        (timedelta(days=180), 0),
        (timedelta(days=180, seconds=1), 0),
    ],
)
def test_a_record_leaves_the_counts_and_the_list_at_the_second_its_lead_leaves_the_bucket(
    as_of: datetime, moment: timedelta, expected: int
) -> None:
    """No roll in between: the window itself decides."""
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=100))
    then = record.lead.created_at_utc + moment
    assert available_count(criteria=Criteria(), buyer=Buyer(), as_of=then) == expected
    assert availability(criteria=Criteria(), buyer=Buyer(), as_of=then).total == expected
    page = records_page(criteria=Criteria(), buyer=Buyer(), as_of=then, cursor=None)
    assert len(page.rows) == expected


def test_the_last_bucket_never_ends(as_of: datetime) -> None:
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=720))
    in_a_century = as_of + timedelta(days=36_500)
    assert available_count(criteria=Criteria(), buyer=Buyer(), as_of=in_a_century) == 1


def test_sold_records_are_not_counted_and_owned_leads_are_counted_apart(as_of: datetime) -> None:
    """A client that bought a lead in one bucket is not offered it in the next; everybody else is."""
    set_prices(as_of - timedelta(days=200))
    client = ClientFactory()
    record = InventoryFactory(as_of=as_of - timedelta(days=90), lead__age=timedelta(days=110))
    gold_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
    buy(client, 1, gold_3, as_of=as_of - timedelta(days=90))
    InventoryFactory(as_of=as_of, lead=record.lead)
    stock(3, as_of=as_of)

    mine = availability(criteria=GOLD_6, buyer=Buyer(client.id), as_of=as_of)
    theirs = availability(criteria=GOLD_6, buyer=Buyer(ClientFactory().id), as_of=as_of)

    assert (mine.total, mine.owned) == (3, 1)
    assert (theirs.total, theirs.owned) == (4, 0)
    assert mine.states == [Facet("LA", 3)]
    assert mine.cells[Classification.GOLD, AgeBucket.MONTH_6_TO_8] == 3
    listed = records_page(criteria=GOLD_6, buyer=Buyer(client.id), as_of=as_of, cursor=None).rows
    assert record.lead_id not in {row.lead_id for row in listed}


@pytest.mark.parametrize(
    ("criteria", "licensed"),
    [
        (Criteria(), ""),
        (GOLD_6, ""),
        (Criteria(place=Place("LA")), ""),
        (Criteria(classification=Classification.SILVER), ""),
        (Criteria(age_bucket=AgeBucket.MONTH_24_PLUS), ""),
        (Criteria(place=Place("TX", "Travis")), ""),
        (Criteria(classification=Classification.GOLD, place=Place("TX")), ""),
        (Criteria(), "LA AL"),
        (GOLD_6, "LA AL"),
        (Criteria(age_bucket=AgeBucket.MONTH_24_PLUS), "LA TX"),
        (Criteria(place=Place("LA")), "LA TX"),
        (Criteria(), "AK AL AZ AR CA CO LA"),  # too many parts to merge
    ],
    ids=str,
)
def test_the_list_pages_there_and_back_without_repeating_or_missing_a_record(
    as_of: datetime, criteria: Criteria, licensed: str
) -> None:
    """Whichever of the filters are set; among the records many with the same expiry, since the last bucket has none."""
    for age_days in (200, 200, 100, 800):
        stock(5, as_of=as_of, age_days=age_days)
        stock(4, as_of=as_of, age_days=age_days, classification="Silver")
        stock(3, as_of=as_of, age_days=age_days, state="TX", county="Travis")
    buyer = Buyer(licensed_states=frozenset(licensed.split()))
    records = InventoryRecord.objects.sellable(as_of).open_to(buyer).filter(**criteria.as_filter())
    expected = list(records.in_order_of_sale().values_list("id", flat=True))
    assert len(expected) > 5

    def page(cursor: str | None) -> tuple[list[object], str | None, str | None]:
        found = records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=cursor, limit=5)
        return [row.id for row in found.rows], found.next_cursor, found.previous_cursor

    forward, cursor = [], None
    while True:
        rows, following, previous = page(cursor)
        forward.append((rows, previous))
        if following is None:
            break
        cursor = following
    assert [row for rows, _ in forward for row in rows] == expected
    assert forward[0][1] is None
    for (before, _), (_, previous) in pairwise(forward):
        assert page(previous)[0] == before


def test_each_page_is_merged_from_indexes_and_read_from_its_own_place_on(
    as_of: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Where the window's condition stood beside the place's, a page in the middle of ten million took 350 ms."""
    stock(60, as_of=as_of, state="LA")
    for age_days in (100, 300, 800):
        stock(60, as_of=as_of, age_days=age_days, state="LA", classification="Silver")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inventory; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    # Beyond a place in another bucket lie all records of the last one, in either class: nothing is said of them.
    at, places = None, {"(expires_at_utc > ": 10, "(ROW(expires_at_utc, id) > ": 8}
    for place, parts in places.items():
        with django_assert_num_queries(2) as statements:
            page = records_page(criteria=Criteria(place=Place("LA")), buyer=Buyer(), as_of=as_of, cursor=at, limit=10)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statements[0]['sql']}")
            plan = "\n".join(row for (row,) in cursor.fetchall())
        assert "Merge Append" in plan
        assert "Sort  " not in plan
        assert plan.count("inventory_open_by_") == 10
        assert [plan.count(each) for each in places] == [parts * (each == place) for each in places]
        at = page.next_cursor


def test_a_page_names_to_the_index_what_is_alike_in_a_part_of_the_list(
    as_of: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """A list of licences beside the state, or both columns of a place among records that all end alike, made PostgreSQL
    read the rest of a state for each page."""
    stock(20, as_of=as_of, age_days=800, state="LA")
    stock(20, as_of=as_of, age_days=800, state="TX", county="Lee")
    oldest, buyer = Criteria(age_bucket=AgeBucket.MONTH_24_PLUS), Buyer(licensed_states=frozenset({"LA", "TX"}))
    at = None
    for _ in range(2):
        with django_assert_num_queries(2) as statements:
            page = records_page(criteria=oldest, buyer=buyer, as_of=as_of, cursor=at, limit=10)
        found = statements[0]["sql"]
        assert ("ANY" in found, "(expires_at_utc, id) >" in found) == (False, False)
        at = page.next_cursor
    assert "AND id > " in found
    with django_assert_num_queries(0):
        elsewhere = records_page(criteria=Criteria(place=Place("AL")), buyer=buyer, as_of=as_of, cursor=None)
    assert (elsewhere.rows, elsewhere.next_cursor) == ([], None)


def test_a_page_that_is_asked_for_late_begins_with_what_is_still_there(as_of: datetime) -> None:
    records = stock(20, as_of=as_of, age_days=179)[::-1]  # they lapse in a day, one second after the other
    first = records_page(criteria=GOLD_3, buyer=Buyer(), as_of=as_of, cursor=None, limit=5)
    late = records[14].expires_at_utc
    second = records_page(criteria=GOLD_3, buyer=Buyer(), as_of=late, cursor=first.next_cursor, limit=5)
    assert [row.id for row in second.rows] == [record.id for record in records[15:]]


def test_a_page_holds_its_place_while_records_before_it_are_sold(as_of: datetime) -> None:
    records = stock(10, as_of=as_of)[::-1]  # the oldest lead lapses first
    first = records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=None, limit=5)
    InventoryRecord.objects.filter(id__in=[row.id for row in first.rows[:3]]).update(sold_at_utc=as_of)
    second = records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=first.next_cursor, limit=5)
    assert [row.id for row in second.rows] == [record.id for record in records[5:]]


@pytest.mark.parametrize("cursor", ["x", "%%%", "PjIwMjY", "YWJj", "PmFiY345", ""])
def test_a_made_up_cursor_is_refused(as_of: datetime, cursor: str) -> None:
    if cursor == "":
        records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=cursor)  # an empty one is the first page
        return
    with pytest.raises(BadCursor, match="Start again at the first page"):
        records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=cursor)


@pytest.mark.parametrize(
    ("criteria", "buyer"),
    [(GOLD_3, Buyer()), (Criteria(place=Place("LA")), Buyer()), (Criteria(), Buyer(UUID(int=7)))],
    ids=["another class and age", "another place", "another client"],
)
def test_a_cursor_is_good_for_the_list_alone_that_gave_it(as_of: datetime, criteria: Criteria, buyer: Buyer) -> None:
    stock(8, as_of=as_of, age_days=100)
    given = records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=None, limit=5).next_cursor
    assert given
    assert len(records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=given).rows) == 3
    with pytest.raises(BadCursor, match="Start again at the first page"):
        records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=given)


def test_a_cursor_says_nothing_of_when_the_homeowner_called(as_of: datetime) -> None:
    """The end of a record's window is the second of the call, some days later: neither it nor the ids are readable."""
    records = stock(8, as_of=as_of, age_days=100)[::-1]
    page = records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=None, limit=5)
    assert page.next_cursor
    plain = b64decode(page.next_cursor + "=", altchars=b"-_")
    ends, key = records[4].expires_at_utc, records[4].id
    microseconds = (ends - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for told in (ends.isoformat().encode(), microseconds.to_bytes(8, "big"), key.bytes, str(key).encode()):
        assert told not in plain
    # Nor is it in how the cursors of neighbours differ: beyond the lead's own second there is nothing alike in them.
    following = records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=None, limit=4).next_cursor
    assert following
    assert sum(a == b for a, b in zip(plain, b64decode(following + "=", altchars=b"-_"), strict=True)) < 8


def test_to_look_around_a_county_without_a_state_means_all_of_that_name(as_of: datetime) -> None:
    stock(2, as_of=as_of, state="AL", county="Lee")
    stock(1, as_of=as_of, state="TX", county="Lee")
    stock(1, as_of=as_of, state="TX", county="Harris")
    assert availability(criteria=Criteria(place=Place(county="Lee")), buyer=Buyer(), as_of=as_of).total == 3
