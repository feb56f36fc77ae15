"""One worker and two, a pooler in between, a copy to browse from: what each step gives, and what it leaves to do.

    uv run python -m tests.benchmarks.scaling [--rows 200000] [--seconds 3] [--callers 8] [--rounds 3]

Prints, as medians of rounds in which the ways take turns: calls per second of some operations of the API, through
gunicorn as in production; the workers' own processor time for a call (a worker has one second of it in each, however
busy the machine is); what a call makes the database itself read, with and without the copy; and how long an order takes
to reach the copy.
Everything runs on one machine, callers included, and on the embedded PostgreSQL, whose data is copied for the replica.
"""

import argparse
import json
import os
import statistics
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from tests.benchmarks.api import FILTERS
from tests.benchmarks.database import drop_database, fill, say, use_database
from tests.benchmarks.server import DATABASE, Call, measure, serving, workers_of

ORDERS = 100

type Figures = dict[str, dict[str, list[float]]]
"""By way and operation, a figure for each round."""


def worker_seconds(master: int) -> float:
    """The processor time that gunicorn's workers have used so far."""
    stats = [Path(f"/proc/{worker}/stat").read_text() for worker in workers_of(master)]
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(of[11]) + int(of[12]) for of in fields) / os.sysconf("SC_CLK_TCK")


def rows_read() -> int:
    """How many rows the database itself has read for the benchmark, so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot(), pg_stat_force_next_flush()")
        cursor.execute("SELECT tup_returned + tup_fetched FROM pg_stat_database WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
    return count


def time_to_copy(url: str) -> list[float]:
    """Milliseconds from the answer to an order until the copy has it, for ORDERS of them."""
    import psycopg
    from django.db import connection
    from django.utils import timezone

    from inventory.facts.criteria import Criteria
    from leads.age import AgeBucket
    from leads.classification import Classification
    from tests.factories import ClientFactory
    from tests.sales.purchases import buy

    client = ClientFactory()
    gold_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    taken = []
    with psycopg.connect(url, autocommit=True) as copy:
        for _ in range(ORDERS):
            buy(client, 10, gold_6, as_of=timezone.now(), key=str(uuid4()))
            began = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_wal_flush_lsn()")
                written = cursor.fetchone()[0]
            while copy.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written]).fetchone() == (False,):
                pass
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="sellable records, in two cells")
    parser.add_argument("--seconds", type=float, default=3, help="how long each operation is called in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--callers", type=int, default=8, help="how many call at the same time")
    arguments = parser.parse_args()
    use_database(DATABASE)
    from django.db import connection
    from django.utils import timezone

    from homeshield.accounts.keys import key_create
    from homeshield.accounts.models import Client
    from homeshield.lib import embedded_postgres
    from inventory.counting.compaction import counts_rebuild
    from tests.factories import ClientFactory
    from tests.sales.purchases import set_prices
    from tests.scaling.pooler import pooler_before

    now = timezone.now()
    set_prices(now - timedelta(days=1))
    half = arguments.rows // 2
    fill(0, half, classification="Gold", bucket="MONTH_6_TO_8", as_of=now)
    fill(half, half, classification="Silver", bucket="MONTH_9_TO_11", as_of=now)
    counts_rebuild()  # their triggers did not see the records
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    looking, buying = (ClientFactory() for _ in range(2))
    tokens = {
        client.id: [
            key_create(client_id=client.id, name="benchmark", created_by=None, as_of=now).token
            for _ in range(arguments.callers)
        ]
        for client in (looking, buying)
    }
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 10}
    order = json.dumps({"client_id": str(buying.id), "criteria": [line]}).encode()
    calls: dict[str, tuple[Client, Call]] = {
        "SELECT 1 (/health)": (looking, ("GET", "/health", None)),
        "inventory, 100 of a cell": (looking, ("GET", f"/api/v1/inventory?{FILTERS}", None)),
        "facets of a cell": (looking, ("GET", f"/api/v1/inventory/facets?{FILTERS}", None)),
        "purchase of 10": (buying, ("POST", "/api/v1/purchases/by-criteria", order)),
    }
    say("copying the server ...")
    replica = embedded_postgres.replica_make(DATABASE)
    say(f"{arguments.rows:,} records, {arguments.callers} callers; workers have 8 threads; calls per second")
    table, reading = Table("way", *calls), Table("rows that the database itself reads for a call", *calls)
    using = Table("workers' milliseconds of processor time for a call", *calls)
    try:
        with pooler_before(connection.get_connection_params()) as pooler:
            pooled = {"DATABASE_URL": pooler.url(DATABASE), "DATABASE_POOLER": "true"}
            ways: dict[str, tuple[int, dict[str, str]]] = {
                "1 worker": (1, {}),
                "2 workers": (2, {}),
                "2 workers, PgBouncer with 8 connections": (2, pooled),
                "2 workers, browsing from a copy": (2, {"REPLICA_URL": replica}),
            }
            rates: Figures = {way: {name: [] for name in calls} for way in ways}
            read: Figures = {way: {name: [] for name in calls} for way in ways}
            used: Figures = {way: {name: [] for name in calls} for way in ways}
            for way in [*ways] * arguments.rounds:
                workers, environment = ways[way]
                with serving(workers, environment) as (port, master):
                    for name, (client, what) in calls.items():
                        before, worked = rows_read(), worker_seconds(master)
                        taken = measure(port, what, tokens[client.id], arguments.seconds)
                        time.sleep(1.1)  # sessions report what they have read once a second
                        answered = len(taken) + 10 * arguments.callers
                        rates[way][name].append(len(taken) / arguments.seconds)
                        read[way][name].append((rows_read() - before) / answered)
                        used[way][name].append((worker_seconds(master) - worked) * 1000 / answered)
            for way in ways:
                table.add_row(way, *(f"{statistics.median(rates[way][name]):.0f}" for name in calls))
                using.add_row(way, *(f"{statistics.median(used[way][name]):.2f}" for name in calls))
                reading.add_row(way, *(f"{statistics.median(read[way][name]):.0f}" for name in calls))
        arrival = time_to_copy(replica)
    finally:
        embedded_postgres.replica_stop()
    Console(width=110).print(table, using, reading)
    cut = statistics.quantiles(arrival, n=100)
    say(f"an order of 10 is on the copy after {cut[49]:.2f} ms (median), {cut[98]:.2f} ms (99th percentile)")
    drop_database(DATABASE)


if __name__ == "__main__":
    main()
