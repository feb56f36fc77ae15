"""The server's work for a page: the blocks that its statements touch, and their own time on a machine that is busy.

    uv run python -m tests.benchmarks.work DATABASE...

Databases that tests.benchmarks.growth has made and kept, one of each size. Times are the least of 25, in milliseconds
of the statements alone (planning included), as EXPLAIN ANALYZE says.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import datetime

from rich.console import Console
from rich.table import Table

from tests.benchmarks.database import use_database
from tests.benchmarks.growth import sql

REPEATS = 25


def work(ask: Callable[[], object]) -> tuple[int, float]:
    """Blocks and least milliseconds of all statements of a question."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        ask()
    blocks, least = 0, 0.0
    for query in asked.captured_queries:
        times = []
        for _ in range(REPEATS):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query['sql']}")
                answer = cursor.fetchone()[0]
            (plan,) = json.loads(answer) if isinstance(answer, str) else answer
            times.append(plan["Planning Time"] + plan["Execution Time"])
        blocks += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        least += min(times)
    return blocks, least


def questions(as_of: datetime) -> Iterator[tuple[str, Callable[[], object]]]:
    from homeshield.lib.keyset import cursor_seal
    from inventory.buyer import Buyer
    from inventory.counting.reading import availability, available_count
    from inventory.facts.criteria import Criteria
    from inventory.facts.place import Place
    from inventory.listing import list_of_records, records_page
    from inventory.models import InventoryRecord
    from leads.age import AgeBucket
    from leads.classification import Classification
    from tests.benchmarks.market import largest_county

    state, county = largest_county()
    filters = {
        "no filter": Criteria(),
        "a class": Criteria(classification=Classification.SILVER),
        "a state": Criteria(place=Place("TX")),
        "a county of many": Criteria(place=Place("TX", "Travis")),
        "all filters": Criteria(
            classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_12_TO_23, place=Place(state, county)
        ),
    }

    def listed(criteria: Criteria, cursor: str | None) -> Callable[[], object]:
        return lambda: records_page(criteria=criteria, buyer=Buyer(), as_of=as_of, cursor=cursor)

    def counted(criteria: Criteria) -> Callable[[], object]:
        return lambda: availability(criteria=criteria, buyer=Buyer(), as_of=as_of)

    for name, criteria in filters.items():
        records = InventoryRecord.objects.sellable(as_of).filter(**criteria.as_filter()).in_order_of_sale()
        middle = records[available_count(criteria=criteria, buyer=Buyer(), as_of=as_of) // 2]
        last = records.reverse()[0]
        yield f"counts, {name}", counted(criteria)
        yield f"list, {name}: first page", listed(criteria, None)
        of = list_of_records(criteria=criteria, buyer=Buyer())
        after = cursor_seal((middle.expires_at_utc, middle.id), of=of)
        before = cursor_seal((last.expires_at_utc, last.id), of=of, backwards=True)
        yield f"list, {name}: a middle page", listed(criteria, after)
        yield f"list, {name}: the last page", listed(criteria, before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("databases", nargs="+", metavar="DATABASE", help="the smallest first")
    columns: list[list[tuple[str, int, float]]] = []
    table = Table("blocks / ms")
    for database in parser.parse_args().databases:
        use_database(database, fresh=False)
        from django.utils import timezone

        columns.append([(name, *work(ask)) for name, ask in questions(timezone.now())])
        table.add_column(f"{sql('SELECT count(*) FROM inventory')()[0][0]:,}", justify="right")
    table.add_column("growth", justify="right")
    for row in zip(*columns, strict=True):
        cells = [f"{blocks:,} / {least:.2f}" for _, blocks, least in row]
        table.add_row(row[0][0], *cells, f"{row[-1][1] / row[0][1]:.2f} / {row[-1][2] / row[0][2]:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
