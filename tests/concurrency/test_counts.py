"""The counts beside a storm of orders, loads, rolls and compactions: exact after it, and in nobody's way during it."""

import io
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from django.db import connection

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compact, counts_compare, counts_rebuild
from inventory.counting.reading import availability, available_count
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.models import CountChange, InventoryRecord
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion import ingest
from sales.models import Order
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import rival, run_together
from tests.factories import stock
from tests.inventory.brute_force import counted_one_by_one
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.sales.purchases import buy

pytestmark = pytest.mark.django_db(transaction=True)

GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)


def test_after_a_storm_the_counts_are_what_the_records_say(clients: list[Client], as_of: datetime) -> None:
    """Buyers, rolls through a day on which half of the stock changes its bucket, loads, compactions and readers."""
    for state, county in (("LA", "Caddo"), ("LA", None), ("TX", "Lee")):
        stock(60, as_of=as_of, age_days=179, state=state, county=county)
        stock(60, as_of=as_of, age_days=200, state=state, county=county)
    for client in clients[:3]:
        buy(client, 20, GOLD_3, as_of=as_of)  # leads that come back in the next bucket, owned
    moment = [as_of + timedelta(hours=n) for n in range(0, 26, 2)]
    numbers = count(1)
    kinds = [GOLD_3, gold_6(), gold_6("LA"), gold_6("LA", "Caddo"), gold_6("TX", "Lee")]

    def buyer(client: Client, luck: Random) -> Callable[[], object]:
        def act() -> None:
            for at in moment:
                try:
                    order(client, (luck.randint(1, 9), luck.choice(kinds)), as_of=at)()
                except Shortage as refusal:
                    assert refusal.available < refusal.line.quantity

        return act

    def rolls() -> None:
        for at in moment:
            inventory_generate(as_of=at, now=at)

    def loads() -> None:
        for at in moment[::3]:
            called = f"{at - timedelta(days=190):%m-%d-%Y %H:%M:%S}"
            rows = [row(mortgage_id=f"storm {next(numbers)}", call_in_date=called) for _ in range(20)]
            ingest(source=io.BytesIO(csv_bytes(*rows)), as_of=at, records=FirstRecords)

    def upkeep() -> None:
        for number in range(30):
            counts_rebuild() if number % 10 == 9 else counts_compact()

    def reads() -> None:
        for at in moment * 2:
            stock_now = availability(criteria=Criteria(), buyer=Buyer(clients[0].id), as_of=at)
            assert stock_now.total == sum(stock_now.cells.values()) == sum(f.count for f in stock_now.states)
            assert min(stock_now.cells.values()) >= 0

    jobs = [*(buyer(client, Random(n)) for n, client in enumerate(clients[:4])), rolls, loads, upkeep, reads]
    assert [outcome for outcome in run_together(jobs) if outcome is not None] == []

    assert_books_balance()
    assert counts_compare() == []
    end = moment[-1]
    for compacted in (False, True):
        if compacted:
            inventory_generate(as_of=end, now=end)
            assert not CountChange.objects.exists()
        for who in (Buyer(), *(Buyer(client.id) for client in clients[:4])):
            for asked in (Criteria(), Criteria(place=Place("LA")), gold_6("LA", "Caddo")):
                assert availability(criteria=asked, buyer=who, as_of=end) == counted_one_by_one(asked, who, end)


def test_an_order_waits_for_no_upkeep_and_no_upkeep_for_an_order(clients: list[Client], as_of: datetime) -> None:
    stock(30, as_of=as_of)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")  # for this session's own upkeep
    for upkeep in (counts_compact, counts_rebuild):
        with rival(upkeep) as other:
            bought = order(clients[0], (5, gold_6()), as_of=as_of)()
            assert isinstance(bought, Order)
            other.end(commit=True)
        with rival(order_inside(clients[1], as_of)) as other:
            upkeep()
            other.end(commit=True)
        assert available_count(criteria=gold_6(), buyer=Buyer(), as_of=as_of) == sellable(as_of)
    with rival(counts_compact):
        assert counts_compact() == 0  # one at a time: the second does not wait
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    assert counts_compare() == []


def test_a_load_waits_for_an_upkeep_and_leaves_no_changes_to_add_up(as_of: datetime) -> None:
    """Of a large file these are millions, and where no scheduler runs nobody might add them up for long."""
    file = csv_bytes(*(row(mortgage_id=str(n)) for n in range(3)))
    with rival(counts_compact) as other:

        def let_go_once_waited_for() -> None:
            deadline = time.monotonic() + 10
            while not an_advisory_lock_is_waited_for() and time.monotonic() < deadline:
                time.sleep(0.01)
            other.end(commit=True)

        def load() -> int:
            return ingest(source=io.BytesIO(file), as_of=as_of, records=FirstRecords).inventory_created

        assert run_together([load, let_go_once_waited_for]) == [3, None]
    assert not CountChange.objects.exists()
    assert counts_compare() == []


def an_advisory_lock_is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def order_inside(client: Client, as_of: datetime) -> Callable[[], object]:
    """Marks records sold as an order does, within a transaction that stays open."""
    return lambda: InventoryRecord.objects.filter(
        id__in=InventoryRecord.objects.sellable(as_of).values("id")[:5]
    ).update(sold_at_utc=as_of)


def sellable(as_of: datetime) -> int:
    return InventoryRecord.objects.sellable(as_of).count()
