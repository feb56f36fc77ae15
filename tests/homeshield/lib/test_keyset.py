"""Pages from key to key: each row once, forwards and back, and no cursor that was made up reaches the database."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db.models import QuerySet

from homeshield.accounts.models import Client
from homeshield.lib.keyset import BadCursor, Page, keyset_page
from sales.models import Order, Sale
from tests.factories import ClientFactory

KEY = UUID(int=7)
INSTANT = "2026-06-01T12:00:00+00:00"


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def clients(at: str | None, *, descending: bool = False) -> Page[Client]:
    return keyset_page(Client.objects.all(), by="created_at_utc", cursor=at, limit=3, descending=descending)


def walk(at: str | None, *, descending: bool, back: bool = False) -> Iterator[Page[Client]]:
    while True:
        page = clients(at, descending=descending)
        yield page
        at = page.previous_cursor if back else page.next_cursor
        if at is None:
            return


@pytest.mark.django_db
@pytest.mark.parametrize("descending", [False, True])
def test_pages_hold_every_row_once_in_order_and_lead_back_the_same_way(as_of: datetime, descending: bool) -> None:
    for n in range(8):
        ClientFactory(created_at_utc=as_of + timedelta(hours=n // 3))  # ties are told apart by the id
    order = Client.objects.order_by("created_at_utc", "id")
    everybody = list(order.reverse() if descending else order)
    there = list(walk(None, descending=descending))
    assert [client for page in there for client in page.rows] == everybody
    assert [len(page.rows) for page in there] == [3, 3, 2]
    back = list(walk(there[-1].previous_cursor, descending=descending, back=True))
    assert [page.rows for page in back] == [there[1].rows, there[0].rows]
    assert clients(back[-1].next_cursor, descending=descending) == there[1]


@pytest.mark.django_db
def test_a_cursor_outlives_the_row_that_it_was_made_of(as_of: datetime) -> None:
    made = [ClientFactory(created_at_utc=as_of + timedelta(hours=n)) for n in range(5)]
    at = clients(None).next_cursor
    made[2].delete()
    assert clients(at).rows == made[3:]


@pytest.mark.parametrize(
    "at",
    [
        "?",
        "é",
        cursor(f"{INSTANT}~{KEY}"),
        cursor(f">{INSTANT}"),
        cursor(f">{INSTANT}~"),
        cursor(f">{INSTANT}~{KEY}0"),
        cursor(f">~{KEY}"),
        cursor(f">yesterday~{KEY}"),
        cursor(f">2026-02-30T12:00:00+00:00~{KEY}"),
        cursor(f">2026-06-01T12:00:00~{KEY}"),  # no offset: nobody can tell which instant it means
        cursor(f">2026-06-01~{KEY}"),
        cursor(f">99999-06-01T12:00:00+00:00~{KEY}"),
        cursor(f">0001-01-01T00:00:00+01:00~{KEY}"),  # in UTC before the calendar begins
        cursor(f">9999-12-31T23:59:59-01:00~{KEY}"),
        cursor(f">{INSTANT}~{KEY}")[:-3],
    ],
)
def test_a_made_up_place_in_a_list_by_instant_is_refused_without_the_database(at: str) -> None:
    refused(Order.objects.all(), "placed_at_utc", at)


@pytest.mark.parametrize("number", ["", "one", "1.5", "-1", "32768", "9" * 30, "9" * 5_000, INSTANT])
def test_a_made_up_place_in_a_list_by_number_is_refused_without_the_database(number: str) -> None:
    refused(Sale.objects.all(), "line_number", cursor(f">{number}~{KEY}"))


def refused(rows: QuerySet[Order] | QuerySet[Sale], by: str, at: str) -> None:
    with pytest.raises(BadCursor, match="Start again at the first page"):
        keyset_page(rows, by=by, cursor=at, limit=3)


@pytest.mark.django_db
def test_an_instant_with_any_offset_is_a_place(as_of: datetime) -> None:
    """PostgreSQL knows offsets up to 16 hours, ISO 8601 up to 24."""
    client = ClientFactory(created_at_utc=as_of)
    assert clients(cursor(f">2026-06-02T11:58:00+23:59~{KEY}")).rows == [client]  # a minute before
    assert clients(cursor(f">2026-06-02T12:00:00+23:59~{KEY}")).rows == []  # a minute after
