"""A worker or its connection that dies at any point of a purchase leaves the whole order or nothing; a repeat with the
same key completes it (contract, "Purchase")."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet, Sum

from homeshield.accounts.models import Client
from homeshield.billing.ledger.kinds import Account, Kind
from homeshield.billing.ledger.models import ClientAccount, LedgerLeg
from homeshield.billing.ledger.proofs import ledger_prove
from homeshield.billing.ledger.services import ledger_adjust
from homeshield.management.commands.verify_ledger import PROOFS
from inventory.facts.criteria import Criteria, Demand
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order, OrderLine, Sale
from tests.factories import ClientFactory, stock
from tests.sales.purchases import place, set_prices

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 60
"""Half of them by killing the worker, half by cutting its connection, as a dying server does."""

MONEY = Decimal("160.00") * (KILLS + 1)
"""What the orders cost, to the cent: a payment too many would be refused."""

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
LINES = [Demand(criteria=GOLD_6, quantity=10), Demand(criteria=GOLD_6, quantity=10)]


class Worker:
    """The process of crash_worker.py."""

    def __init__(self, client_id: UUID, as_of: datetime) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.concurrency.crash_worker",
             str(connection.settings_dict["NAME"]), str(client_id), as_of.isoformat()],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "homeshield.settings"},
            cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def begin(self, key: str) -> int:
        """Starts a purchase, and returns the process id of who makes it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{key}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> None:
        """Returns when the purchase has come to its end, one way or the other."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ended\n"

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def buyer(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    stock(20 * (KILLS + 1), as_of=as_of)
    prepaid = ClientFactory(credit_limit=0)
    ledger_adjust(client_id=prepaid.id, amount=MONEY, reason="For all of them.", by=None, as_of=as_of)
    return prepaid


@pytest.fixture
def worker(buyer: Client, as_of: datetime) -> Iterator[Worker]:
    running = Worker(buyer.id, as_of)
    yield running
    running.close()


def cut_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def wait_for_other_sessions_to_end() -> None:
    """The server may still be rolling back what a dead worker began."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.01)
    raise AssertionError("sessions of dead workers are still there after five seconds")


def assert_whole_or_nothing(expected_orders: set[str]) -> None:
    orders = Order.objects.annotate(sold=Count("sales"), paid=Sum("sales__purchase_price"))
    assert {order.idempotency_key for order in orders} <= expected_orders
    for order in orders:
        assert (order.sold, order.paid, order.quantity) == (20, order.total, 20)
    assert OrderLine.objects.count() == 2 * len(orders)
    marked = InventoryRecord.objects.filter(sold_at_utc__isnull=False).count()
    assert marked == Sale.objects.count() == 20 * len(orders)
    assert_paid_once(orders)


def assert_paid_once(orders: QuerySet[Order]) -> None:
    """Nothing is sold that was not paid, nothing paid that was not sold, and the balance knows of both."""
    payments = LedgerLeg.objects.filter(kind=Kind.ORDER, account=Account.CLIENT)
    paid = payments.values_list("transaction__source_id", "amount")
    assert sorted(paid) == sorted((order.id, -order.total) for order in orders)
    account = ClientAccount.objects.get()
    assert account.balance == sum(LedgerLeg.objects.filter(client=account.client).values_list("amount", flat=True))
    assert account.balance == MONEY - sum(order.total for order in orders)


@pytest.mark.direct
def test_whatever_dies_when_an_order_is_whole_or_nothing(worker: Worker, buyer: Client, as_of: datetime) -> None:
    chance = random.Random(20261124)
    worker.begin("warm-up")
    began = time.monotonic()
    worker.wait()
    usual = time.monotonic() - began
    keys = {"warm-up"}
    whole = 0
    for number in range(KILLS):
        key = f"order-{number}"
        keys.add(key)
        child = worker.begin(key)
        time.sleep(chance.uniform(0, usual * 1.2))
        if number % 2:
            cut_connections()
        else:
            with suppress(ProcessLookupError):  # the order was faster
                os.kill(child, signal.SIGKILL)
        worker.wait()
        wait_for_other_sessions_to_end()
        assert_whole_or_nothing(keys)
        whole += Order.objects.filter(idempotency_key=key).exists()

        repeated = place(buyer, *LINES, key=key, as_of=as_of)
        assert repeated.quantity == 20
        assert_whole_or_nothing(keys)
    assert Order.objects.count() == KILLS + 1
    assert [proved.what for proved in ledger_prove(PROOFS) if not proved.holds] == []
    assert 0 < whole < KILLS, f"the deaths came at random points: {whole} orders were through by then"


def test_a_server_that_is_killed_again_and_again_loses_no_order_and_halves_none() -> None:
    """On a server of its own, since a killed one takes everybody's connections with it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    folder = Path(tempfile.gettempdir()) / f"homeshield-crash-{os.getpid()}"  # the launcher makes it for its account
    environment |= {"HOMESHIELD_POSTGRES_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "homeshield.settings"}
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "tests.concurrency.server_crash", "4"],
            env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr[-3000:]
        assert len(finished.stdout.splitlines()) == 4
    finally:
        subprocess.run(
            [sys.executable, "manage.py", "postgres", "stop"],
            env=environment, cwd=settings.BASE_DIR, capture_output=True, check=False,
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
