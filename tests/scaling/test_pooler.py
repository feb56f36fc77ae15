"""Behind a pooler that hands out a connection for each transaction, and empties its session after it."""

import csv
import io
import os
import re
import subprocess
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection
from django.test import Client as Browser

from exports import batches
from exports.services import export_start_order, export_stream
from homeshield.settings import database_from_environment
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion import IngestReport, ingest
from leads.models import Lead
from sales.models import Order, Sale
from tests.concurrency.orders import assert_books_balance, order
from tests.concurrency.parallel import run_together
from tests.factories import ClientFactory, UserFactory, stock
from tests.homeshield.gunicorn_command import COMMAND
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.sales.purchases import set_prices
from tests.scaling.pooler import SERVER_CONNECTIONS, Pooler, pooler_before
from tests.scaling.rewiring import rewired


def query(sql: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        answer = cursor.fetchone()
    return answer[0]


# --- That it is what it says: each test below would pass without a pooler, too ---


def test_more_callers_than_connections_are_served_by_few(pooler: Pooler) -> None:
    together = Barrier(3 * SERVER_CONNECTIONS)

    def ask() -> int:
        connection.ensure_connection()
        together.wait(timeout=10)  # all of them are connected now
        backend: int = query("SELECT pg_backend_pid()")
        together.wait(timeout=10)
        return backend

    with rewired("default", database_from_environment() | {"OPTIONS": {"prepare_threshold": None}}):
        backends = run_together([ask] * 3 * SERVER_CONNECTIONS)

    assert all(isinstance(backend, int) for backend in backends), backends
    assert len(set(backends)) <= SERVER_CONNECTIONS
    assert {pool["pool_mode"] for pool in pooler.show("POOLS") if pool["database"] != "pgbouncer"} == {"transaction"}


def test_the_configuration_in_the_documentation_is_one_that_pgbouncer_takes(pooler: Pooler) -> None:
    documented = re.findall(r"```ini\n(.+?)```", (settings.BASE_DIR / "docs" / "scaling.md").read_text(), re.DOTALL)
    [ini] = [text.replace("homeshield = host=10.0.0.5 port=5432", "* = host={host} port={port}") for text in documented]
    with pooler_before({"host": pooler.host, "port": pooler.port, "user": pooler.user, "password": ""}, ini) as as_told:
        told = {row["key"]: row["value"] for row in as_told.show("CONFIG")}
    assert (told["pool_mode"], told["default_pool_size"], told["max_client_conn"]) == ("transaction", "30", "2000")
    assert told["server_reset_query"] == ""


def test_what_is_left_in_a_session_is_gone_with_the_next_statement(pooler: Pooler) -> None:
    connection.ensure_connection()
    query("SELECT set_config('lock_timeout', '1s', false)")
    assert query("SHOW lock_timeout") == "0"


# --- What DATABASE_POOLER is for ---


def test_workers_that_were_not_told_of_the_pooler_do_not_start(pooler: Pooler) -> None:
    """They would come up, and answer every request with an error."""
    ours = {"SECRET_KEY": "", "WEB_DATABASE_URL": "", "REPLICA_URL": "", "DATABASE_POOLER": "false"}
    dbname = connection.settings_dict["NAME"]
    done = subprocess.run(
        COMMAND, cwd=settings.BASE_DIR, env=os.environ | ours | {"DATABASE_URL": pooler.url(dbname)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Error: The database turns away the login that DATABASE_URL names." in done.stderr
    assert "Behind a pooler, set DATABASE_POOLER=true. Correct it, and start again." in done.stderr
    assert pooler.password not in done.stderr or not pooler.password


def test_many_rows_are_read_one_by_one_although_no_cursor_stays_open(pooler: Pooler, as_of: datetime) -> None:
    stock(5, as_of=as_of)
    assert len(list(Lead.objects.iterator(chunk_size=2))) == 5

    with_cursors = database_from_environment() | {"DISABLE_SERVER_SIDE_CURSORS": False}
    with rewired("default", with_cursors), pytest.raises(ProgrammingError, match="_django_curs"):
        list(Lead.objects.iterator(chunk_size=2))


def test_the_time_is_utc_also_where_the_servers_is_not(pooler: Pooler) -> None:
    """Django sets it once for each connection of its own; PgBouncer carries it to whichever the server gives."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        elsewhere = other.execute("SELECT set_config('TimeZone', 'America/Chicago', false)")
        assert elsewhere.fetchone() == ("America/Chicago",)
        # The only server connection that there is yet: Django's now follows on it, and finds its own time.
        assert query("SHOW timezone") == "UTC"
        assert other.execute("SHOW timezone").fetchone() == ("America/Chicago",)


# --- The shop ---


def test_a_load_the_roll_orders_and_an_export(pooler: Pooler, as_of: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    file = csv_bytes(*(row(mortgage_id=f"{n:06}", call_in_date="11-01-2025 12:00:00") for n in range(40)))

    def load(*, dry_run: bool = False) -> IngestReport:
        return ingest(source=io.BytesIO(file), as_of=as_of, records=FirstRecords, dry_run=dry_run)

    set_prices(as_of - timedelta(days=1000))
    assert load(dry_run=True).loaded == 40
    loaded = run_together([load, load])
    assert sorted(report.loaded if isinstance(report, IngestReport) else -1 for report in loaded) == [0, 40]

    later = as_of + timedelta(days=60)  # from 212 days to 272
    rolled = run_together([lambda: inventory_generate(as_of=later, now=later).created] * 2)
    assert sum(made if isinstance(made, int) else 1000 for made in rolled) == 40

    gold_9 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)
    clients = [ClientFactory() for _ in range(8)]
    bought = run_together([order(client, (6, gold_9), as_of=later) for client in clients])
    assert [type(one) for one in bought if not isinstance(one, Order)] == [Shortage] * 2
    assert_books_balance()

    monkeypatch.setattr(batches, "BATCH", 4)
    placed = next(one for one in bought if isinstance(one, Order))
    export = export_start_order(client_id=placed.client_id, user=None, order_id=placed.id, as_of=later)
    text = b"".join(export_stream(export)).decode()
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == 1 + 6


def test_a_buyer_signs_in_fills_a_draft_and_buys_it(pooler: Pooler, client: Browser, now: datetime) -> None:
    set_prices(since=now - timedelta(days=1))
    stock(5, as_of=now)
    client.force_login(user := UserFactory())
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": "2"}

    assert client.post("/order/lines/", line).status_code == 302
    page = client.get("/order/")
    draft = page.context["draft"]
    sent = {"draft_id": draft.draft_id, "version": draft.version, "expected_total": draft.total}
    assert client.post("/order/buy/", sent).status_code == 302

    assert Sale.objects.filter(client=user.client).count() == 2
