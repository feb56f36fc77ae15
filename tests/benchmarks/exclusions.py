"""What exclusions cost an order: a third of a cell excluded, and 60,000 leads at its head.

    uv run python -m tests.benchmarks.exclusions [--rows 300000] [--keep]

The floor is the same order by a client without exclusions. The clients take turns; medians in milliseconds.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from rich.console import Console
from rich.table import Table

from tests.benchmarks.database import drop_database, fill, use_database
from tests.benchmarks.purchase import shop

DATABASE = "benchmark_exclusions"
ELSEWHERE = 1_000_000
"""Pairs of the client with a list whose leads are not in the cell."""
HEAD = 60_000

THIRD: LiteralString = """
    INSERT INTO exclusions (lead_id, client_id, listed)
    SELECT lead_id, %(client)s, true FROM inventory WHERE hashtext(lead_id::text) %% 3 = 0
    UNION ALL
    SELECT gen_random_uuid(), %(client)s, true FROM generate_series(1, %(elsewhere)s)
"""
OWN_HEAD: LiteralString = """
    INSERT INTO exclusions (lead_id, client_id, owned)
    SELECT lead_id, %(client)s, true
    FROM (SELECT lead_id FROM inventory WHERE sold_at_utc IS NULL ORDER BY expires_at_utc, id LIMIT %(head)s) AS head
"""


def turns(ways: list[Callable[[], object]], repeats: int) -> list[float]:
    """Medians in milliseconds, each way in its turn, after one turn that does not count."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(repeats + 1):
        for way, measured in zip(ways, times, strict=True):
            began = time.perf_counter()
            way()
            if turn:
                measured.append((time.perf_counter() - began) * 1000)
    return [statistics.median(measured) for measured in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000, help="sellable records, all in one cell")
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    arguments = parser.parse_args()
    use_database(DATABASE)
    from django.db import connection
    from django.utils import timezone

    from inventory.counting.compaction import counts_rebuild
    from inventory.exclusion import starts
    from inventory.models import PickStart
    from tests.factories import ClientFactory
    from tests.sales.purchases import set_prices

    now = timezone.now()
    set_prices(now - timedelta(days=1))
    free, third, head = (ClientFactory().id for _ in range(3))
    fill(0, arguments.rows, classification="Gold", bucket="MONTH_6_TO_8", as_of=now, sold_at=None)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the counts are made anew below
        cursor.execute(THIRD, {"client": third, "elsewhere": ELSEWHERE})
        cursor.execute(OWN_HEAD, {"client": head, "head": HEAD})
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE exclusions, inventory, leads")
    counts_rebuild()
    table = Table("order", "floor", "excluded", "ratio", title=f"{arguments.rows:,} sellable records in one cell")

    def row(name: str, ways: list[Callable[[], object]], repeats: int) -> None:
        one, other = turns(ways, repeats)
        table.add_row(name, f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f}")

    def order(client_id: UUID, quantity: int) -> Callable[[], object]:
        return lambda: shop(client_id, quantity)

    for quantity, repeats in ((1, 50), (1000, 15)):
        row(f"{quantity} leads, a third excluded", [order(free, quantity), order(third, quantity)], repeats)
    starts.MANY = arguments.rows  # no start
    row(f"10 leads behind {HEAD:,} owned, no start", [order(free, 10), order(head, 10)], 10)
    starts.MANY = 500
    shop(head, 10)
    assert PickStart.objects.filter(client=head).exists()
    row(f"10 leads behind {HEAD:,} owned, from a start", [order(free, 10), order(head, 10)], 30)
    Console(width=110).print(table)
    if not arguments.keep:
        drop_database(DATABASE)


if __name__ == "__main__":
    main()
