"""Pieces of a suppression list beside orders of its client and of others, and a worker that is killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from homeshield.accounts.models import Client
from inventory.counting.compaction import counts_compare
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.models import Exclusion, SuppressionEntry, SuppressionList
from inventory.suppression import pieces, services
from inventory.suppression.models import UploadState
from inventory.suppression.services import list_create, list_remove
from inventory.suppression.upkeep import STANDS_STILL, listed_compare, lists_upkeep
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order, Sale
from tests.concurrency.orders import assert_books_balance
from tests.concurrency.parallel import rival, run_beside, run_together, wait_until_blocked
from tests.factories import stock
from tests.homeshield.worker import tasks_run
from tests.inventory.suppression.lists import number, upload, work
from tests.inventory.withholding.people import Inquiry, load
from tests.sales.purchases import buy

pytestmark = pytest.mark.django_db(transaction=True)

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of four entries."""
    monkeypatch.setattr(pieces, "PIECE", 4)
    monkeypatch.setattr(services, "PIECE", 4)


def people(count: int, as_of: datetime) -> list[str]:
    """So many leads of different persons; their numbers."""
    numbers = [number(n) for n in range(count)]
    for one in numbers:
        stock(1, as_of=as_of, borrower_phone=one, call_in_phone_number="")
    return numbers


def waiting(client: Client, entries: list[str], as_of: datetime, name: str = "Ours") -> SuppressionList:
    made = list_create(client_id=client.id, name=name, user=None, as_of=as_of)
    upload(made, entries, as_of=as_of)
    return made


def step(of: SuppressionList, as_of: datetime) -> Callable[[], bool]:
    return partial(pieces.list_step, list_id=of.id, as_of=as_of)


def assert_exact() -> None:
    assert counts_compare() == []
    assert listed_compare() == []
    assert_books_balance()


def hold_as_an_order(client: Client) -> None:
    """The first lock of an order in flight. Which records it will pick, nobody knows yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM clients WHERE id = %s FOR SHARE", [client.id])


def test_a_piece_waits_for_its_clients_orders_in_flight(clients: list[Client], as_of: datetime) -> None:
    made = waiting(clients[0], people(1, as_of), as_of)
    with rival(partial(hold_as_an_order, clients[0])) as order:

        def end() -> None:
            wait_until_blocked()
            order.end(commit=True)

        assert run_together([step(made, as_of), end]) == [True, None]
    assert Exclusion.objects.filter(client=clients[0], listed=True).count() == 1
    assert_exact()


def test_an_order_that_comes_during_a_piece_sees_what_it_excludes(clients: list[Client], as_of: datetime) -> None:
    client = clients[0]
    made = waiting(client, people(1, as_of), as_of)
    with rival(step(made, as_of)) as piece:

        def end() -> None:
            wait_until_blocked()
            piece.end(commit=True)

        jobs: list[Callable[[], object]] = [partial(buy, client, 1, GOLD, as_of=as_of), end]
        order, _ = run_together(jobs)
    assert isinstance(order, Shortage)
    assert not Sale.objects.exists()
    assert_exact()


def test_a_piece_waits_for_a_load_that_sees_none_of_its_entries(clients: list[Client], as_of: datetime) -> None:
    made = waiting(clients[0], [number(1)], as_of)
    with rival(partial(load, Inquiry(1, None, timedelta(days=200)), as_of=as_of)) as loading:
        assert run_beside(step(made, as_of), then=lambda: loading.end(commit=True)) is True
    assert Exclusion.objects.filter(client=clients[0], listed=True).count() == 1
    assert_exact()


def test_a_piece_that_is_rolled_back_leaves_nothing(clients: list[Client], as_of: datetime) -> None:
    made = waiting(clients[0], people(1, as_of), as_of)
    with rival(step(made, as_of)):
        pass
    assert not SuppressionEntry.objects.exists()
    assert not Exclusion.objects.exists()
    work(made, as_of=as_of)
    assert made.entries == 1
    assert_exact()


@pytest.mark.usefixtures("_small")
def test_lists_come_and_go_while_everybody_buys(clients: list[Client], as_of: datetime) -> None:
    numbers = people(60, as_of)
    lists = [waiting(client, numbers[n * 10 : n * 10 + 30], as_of) for n, client in enumerate(clients[:3])]

    def come_and_go(of: SuppressionList) -> None:
        work(of, as_of=as_of)
        list_remove(client_id=of.client_id, list_id=of.id, as_of=as_of)
        work(of, as_of=as_of)

    bought: list[Order | str] = []

    def buy_some(client: Client) -> None:
        for _ in range(6):
            try:
                bought.append(buy(client, 1, GOLD, as_of=as_of))
            except Exception as refusal:
                bought.append(type(refusal).__name__)

    jobs: list[Callable[[], object]] = [partial(come_and_go, one) for one in lists]
    jobs += [partial(buy_some, client) for client in clients[:5]]
    results = run_together(jobs)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert {one for one in bought if isinstance(one, str)} <= {"Shortage", "Busy"}
    assert Sale.objects.count() == sum(isinstance(one, Order) for one in bought) > 0
    assert not Exclusion.objects.filter(listed=True).exists()
    assert_exact()


@pytest.mark.direct
def test_a_worker_that_is_killed_is_gone_on_with_at_the_next_piece(
    clients: list[Client], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PIECE", 1)
    numbers = people(3, now) + [number(n) for n in range(3, 400)]
    made = waiting(clients[0], numbers, now)
    command = [sys.executable, "-m", "tests.homeshield.worker_process", str(connection.settings_dict["NAME"])]
    process = subprocess.Popen(
        [*command, "--interval", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy()
    )
    try:
        for _ in range(3_000):
            if SuppressionEntry.objects.exists():
                break
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait(timeout=10)
    in_effect = SuppressionEntry.objects.count()
    assert 0 < in_effect < 400
    upload_ = made.uploads.get()
    assert (upload_.done, upload_.added, upload_.pieces.count()) == (in_effect, in_effect, 400 - in_effect)
    assert_exact()

    DBTaskResult.objects.filter(status="READY").delete()  # the worker died with the only task in its hands
    lists_upkeep(as_of=now + timedelta(hours=1) + STANDS_STILL)
    tasks_run()
    made.refresh_from_db()
    upload_.refresh_from_db()
    assert (made.entries, upload_.added, upload_.matched, upload_.state) == (400, 400, 3, UploadState.DONE)
    assert_exact()
