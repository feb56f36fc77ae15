"""Pages from key to key: each row once, forwards and back; a cursor of no such list does not reach the database."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db.models import QuerySet
from pytest_django import Settings

from homeshield.accounts.models import Client
from homeshield.lib.keyset import BadCursor, Page, cursor_seal, keyset_page
from sales.models import Order, Sale
from tests.factories import ClientFactory

KEY = UUID(int=7)
LIST = "clients"


def clients(at: str | None, *, descending: bool = False, of: str = LIST) -> Page[Client]:
    everybody = Client.objects.all()
    return keyset_page(everybody, by="created_at_utc", of=of, cursor=at, limit=3, descending=descending)


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
        # ties are told apart by the id, and neighbours by a microsecond
        ClientFactory(created_at_utc=as_of + timedelta(microseconds=n // 3))
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
    made = [Client.objects.create(name=f"Agency {n}", created_at_utc=as_of + timedelta(hours=n)) for n in range(5)]
    at = clients(None).next_cursor
    Client.objects.filter(id=made[2].id)._raw_delete("default")  # as retention does
    assert clients(at).rows == made[3:]


@pytest.mark.django_db
def test_a_cursor_outlives_a_change_of_the_secret_key_as_long_as_the_old_one_counts(
    as_of: datetime, settings: Settings
) -> None:
    made = [ClientFactory(created_at_utc=as_of + timedelta(hours=n)) for n in range(5)]
    at = clients(None).next_cursor
    assert at
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "another key, of fifty characters or more, " * 2,
        [settings.SECRET_KEY],
    )
    assert clients(at).rows == made[3:]
    assert clients(None).next_cursor != at
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadCursor):
        clients(at)


def test_a_cursor_is_short_and_shows_nothing_of_its_place(as_of: datetime) -> None:
    cursors = [cursor_seal((as_of + timedelta(seconds=n), KEY), of=LIST) for n in range(20)]
    assert {len(cursor) for cursor in cursors} == {55}
    assert len({cursor[:6] for cursor in cursors}) == 20, "nothing is alike in places a second apart"


def changed(cursor: str, place: int) -> str:
    return cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]


def old_style(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "at",
    [
        "?",
        "é",
        "A",
        "AAAA",
        old_style(f">2026-06-01T12:00:00+00:00~{KEY}"),  # as they were before they were sealed
        old_style(f"<2026-06-01T12:00:00+00:00~{KEY}"),
        cursor_seal((7, KEY), of=LIST)[:-1],
        cursor_seal((7, KEY), of=LIST) + "A",
        " " + cursor_seal((7, KEY), of=LIST),
        *(changed(cursor_seal((7, KEY), of=LIST), place) for place in range(0, 54, 9)),
        cursor_seal((7, KEY), of="another list"),
        "A" * 5_000,
    ],
)
def test_a_place_that_is_none_of_this_lists_is_refused_without_the_database(at: str) -> None:
    refused(Order.objects.all(), "placed_at_utc", at)
    refused(Sale.objects.all(), "line_number", at)


def refused(rows: QuerySet[Order] | QuerySet[Sale], by: str, at: str) -> None:
    with pytest.raises(BadCursor, match="Start again at the first page"):
        keyset_page(rows, by=by, of=LIST, cursor=at, limit=3)
