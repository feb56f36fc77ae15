"""What the API answers under the production server (nginx, gunicorn, 2 workers), beside `SELECT 1` through the same.

    uv run python -m tests.benchmarks.api [--rows 1000000] [--seconds 4] [--rounds 3] [--callers 4] [--without-front]

Prints calls per second (the median of the rounds, in each of which all operations are called in turn), and the 50th,
95th and 99th percentile in milliseconds of each operation. The callers run on the same machine and take their share of
it. The floor is `/health`: HTTP, Django, and one `SELECT 1`.
"""

import argparse
import json
import statistics
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from tests.benchmarks.database import drop_database, say, use_database
from tests.benchmarks.market import grow
from tests.benchmarks.server import DATABASE, Call, measure, serving

WORKERS = 2
FILTERS = "state=LA&classification=Gold&age_bucket=MONTH_6_TO_8"


def report(rounds: dict[str, list[list[float]]], seconds: float) -> None:
    """Prints what the calls took, in the order of the names; the first one is the floor."""
    table = Table("operation", "per second", "p50 ms", "p95 ms", "p99 ms", "of the floor")
    floor = 0.0
    for name, each in rounds.items():
        rate = statistics.median(len(taken) / seconds for taken in each)
        floor = floor or rate
        cut = statistics.quantiles([one for taken in each for one in taken], n=100)
        figures = (f"{cut[49]:.1f}", f"{cut[94]:.1f}", f"{cut[98]:.1f}")
        table.add_row(name, f"{rate:.0f}", *figures, f"{rate / floor:.2f}")
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="sellable records, in all counties")
    parser.add_argument("--seconds", type=float, default=4, help="how long each operation is called in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--callers", type=int, default=4, help="how many call at the same time")
    parser.add_argument("--without-front", action="store_true", help="call gunicorn itself, without nginx in front")
    arguments = parser.parse_args()
    use_database(DATABASE)
    from django.utils import timezone

    from homeshield.accounts.keys import key_create
    from tests.factories import ClientFactory
    from tests.sales.purchases import set_prices

    now = timezone.now()
    set_prices(now - timedelta(days=1))
    grow(0, arguments.rows, as_of=now)
    client = ClientFactory()
    tokens = [
        key_create(client_id=client.id, name="benchmark", created_by=None, as_of=now).token
        for _ in range(arguments.callers)
    ]
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 10}
    order = json.dumps({"client_id": str(client.id), "criteria": [line]}).encode()
    calls: dict[str, Call] = {
        "SELECT 1 (/health)": ("GET", "/health", None),
        "prices": ("GET", "/api/v1/prices", None),
        "inventory, 100 of a cell": ("GET", f"/api/v1/inventory?{FILTERS}", None),
        "inventory, 100 of all": ("GET", "/api/v1/inventory", None),
        "facets of a cell": ("GET", f"/api/v1/inventory/facets?{FILTERS}", None),
        "facets of all": ("GET", "/api/v1/inventory/facets", None),
        "purchase of 10 by criteria": ("POST", "/api/v1/purchases/by-criteria", order),
    }
    say(
        f"{arguments.rows:,} records, {WORKERS} workers with 8 threads, {arguments.callers} callers, "
        f"{arguments.rounds} rounds of {arguments.seconds} s"
    )
    rounds: dict[str, list[list[float]]] = {name: [] for name in calls}
    with serving(WORKERS, front=not arguments.without_front) as (port, _):
        for _ in range(arguments.rounds):
            for name, what in calls.items():
                rounds[name].append(measure(port, what, tokens, arguments.seconds))
    report(rounds, arguments.seconds)
    drop_database(DATABASE)


if __name__ == "__main__":
    main()
