"""Where a client's picks begin: a hint that saves time, and that no order depends on."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from homeshield.accounts.models import Client
from inventory.exclusion import starts
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.models import Exclusion, InventoryRecord, PickStart
from leads.age import AgeBucket
from leads.classification import Classification
from tests.factories import ClientFactory, InventoryFactory, stock
from tests.inventory.exclusion.test_pairs import GOLD_6, exclude
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_24 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_24_PLUS)


@pytest.fixture
def client(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


@pytest.fixture(autouse=True)
def _every_pick_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starts, "SLOW", -1.0)
    monkeypatch.setattr(starts, "MANY", 3)


def in_order(records: list[InventoryRecord]) -> list[InventoryRecord]:
    return sorted(records, key=lambda record: (record.expires_at_utc, record.id))


def read_of(query: CaptureQueriesContext) -> str:
    [picked] = [each["sql"] for each in query.captured_queries if "FOR NO KEY UPDATE" in each["sql"]]
    return picked


@pytest.mark.parametrize("criteria", [GOLD_6, GOLD_24, GOLD_6.at(Place("LA")), GOLD_6.at(Place("LA", "Caddo"))])
def test_a_slow_pick_finds_where_the_next_one_begins(
    client: Client,
    as_of: datetime,
    criteria: Criteria,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    age_days = 800 if criteria == GOLD_24 else 200
    records = in_order(stock(9, as_of=as_of, age_days=age_days))
    exclude(client, *records[:5], listed=True)
    with django_capture_on_commit_callbacks(execute=True):
        assert buy(client, 1, criteria, as_of=as_of).sales.get().inventory_id == records[5].id
    start = PickStart.objects.get()
    assert (start.client_id, start.inventory_id) == (client.id, records[6].id), "the order had committed"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert buy(client, 1, criteria, as_of=as_of).sales.get().inventory_id == records[6].id
    assert records[6].id.hex in read_of(queries)
    stale = as_of + starts.LIFE + timedelta(seconds=1)
    with CaptureQueriesContext(connection) as queries:
        buy(client, 1, criteria, as_of=stale)
    assert records[6].id.hex not in read_of(queries)


def test_few_excluded_records_are_not_worth_it(
    client: Client, as_of: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    records = in_order(stock(6, as_of=as_of))
    exclude(client, *records[:2], listed=True)
    with django_capture_on_commit_callbacks(execute=True):
        buy(client, 1, GOLD_6, as_of=as_of)
    assert not PickStart.objects.exists()


@pytest.fixture
def started(
    client: Client, as_of: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> list[InventoryRecord]:
    """Eight records in their order, five of them excluded, and a start behind these; one was bought."""
    records = in_order(stock(9, as_of=as_of))
    exclude(client, *records[:5], listed=True)
    with django_capture_on_commit_callbacks(execute=True):
        buy(client, 1, GOLD_6, as_of=as_of)
    assert PickStart.objects.exists()
    return records


def test_what_opens_before_a_start_is_sold_next(
    client: Client, as_of: datetime, started: list[InventoryRecord]
) -> None:
    behind = InventoryFactory(as_of=as_of, lead__age=timedelta(days=190))
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=260), lead__classification="Silver")
    assert PickStart.objects.exists(), "it opened behind the start, or in another cell"
    before = InventoryFactory(as_of=as_of, lead__age=timedelta(days=260))
    assert not PickStart.objects.exists()
    assert buy(client, 1, GOLD_6, as_of=as_of).sales.get().inventory_id == before.id
    assert behind.id


def test_what_is_no_longer_excluded_is_sold_next(
    client: Client, as_of: datetime, started: list[InventoryRecord]
) -> None:
    Exclusion.objects.filter(client=client, lead=started[2].lead_id).delete()
    assert not PickStart.objects.exists()
    assert buy(client, 1, GOLD_6, as_of=as_of).sales.get().inventory_id == started[2].id


def test_no_order_depends_on_a_start(client: Client, as_of: datetime, started: list[InventoryRecord]) -> None:
    """However wrong it is: the second pass of an order does not ask it."""
    PickStart.objects.update(expires_at_utc=as_of + timedelta(days=5000))
    assert buy(client, 3, GOLD_6, as_of=as_of).quantity == 3


def test_a_start_is_one_clients(client: Client, as_of: datetime, started: list[InventoryRecord]) -> None:
    assert buy(ClientFactory(), 1, GOLD_6, as_of=as_of).sales.get().inventory_id == started[0].id


def test_a_start_whose_instant_has_passed_is_ignored(
    client: Client, as_of: datetime, started: list[InventoryRecord]
) -> None:
    PickStart.objects.update(expires_at_utc=as_of)
    assert buy(client, 1, GOLD_6, as_of=as_of).sales.get().inventory_id == started[6].id


def test_starts_that_no_pick_uses_any_more_go(client: Client, as_of: datetime, started: list[InventoryRecord]) -> None:
    """Also those of clients that buy nothing now: each load looks at all that are there."""
    assert started
    assert starts.starts_forget(as_of=as_of + starts.LIFE - timedelta(seconds=1)) == 0
    assert PickStart.objects.exists()
    assert starts.starts_forget(as_of=as_of + starts.LIFE) == 1
    assert not PickStart.objects.exists()


@pytest.mark.parametrize(
    ("place", "stays"), [(Place(), False), (Place("LA"), False), (Place("LA", "Caddo"), False), (Place("TX"), True),
                         (Place("LA", "Orleans"), True)],
)  # fmt: skip
def test_a_record_that_opens_ends_the_starts_of_its_place_alone(
    client: Client, as_of: datetime, place: Place, stays: bool
) -> None:
    PickStart.objects.create(
        client=client, classification="Gold", age_bucket="MONTH_6_TO_8", state=place.state, county=place.county,
        expires_at_utc=as_of + timedelta(days=60), inventory_id=UUID(int=0), found_at_utc=as_of,
    )  # fmt: skip
    stock(3, as_of=as_of, age_days=220)
    assert PickStart.objects.exists() is stays
