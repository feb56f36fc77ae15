"""What counts, pages, lists and the roll cost as the inventory grows: one database, measured at each size.

    uv run python -m tests.benchmarks.growth [--sizes 100000 1000000 10000000] [--keep]

`-m tests.benchmarks.counts`, `.window`, `.browse` and `.roll` measure one of them. Medians in milliseconds; each beside
its floor, what PostgreSQL alone needs by a statement written by hand, measured in the same minute.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.database import drop_database, say, use_database

DATABASE = "benchmark_growth"
SIZES = (100_000, 1_000_000, 10_000_000)


@dataclass(frozen=True, slots=True)
class Figure:
    """A median in milliseconds, and that of its floor, if there is one."""

    name: str
    took: float
    floor: float | None = None


type Measure = Callable[[datetime], Iterator[Figure]]
"""Measures the database as it is, for an instant, and leaves it so."""


def median(work: Callable[[], object], *, repeats: int = 15) -> float:
    """Of so many times, in milliseconds, once it has been done before."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def once(work: Callable[[], object]) -> float:
    """How long it takes the first time, in milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def sql(statement: str, **parameters: Any) -> Callable[[], list[tuple[Any, ...]]]:
    """A statement to be measured."""
    from django.db import connection

    def run() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    return run


def execute(statement: str, **parameters: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is rolled back."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def main(*measures: Measure, description: str | None = None) -> None:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="sellable records, growing")
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    parser.add_argument("--on", metavar="DATABASE", help="measure one that was kept, as it is, and leave it")
    arguments = parser.parse_args()
    if arguments.on:
        use_database(arguments.on, fresh=False)
        _measure_kept(measures)
        return
    use_database(DATABASE)
    from django.utils import timezone

    from tests.benchmarks.market import grow

    as_of = timezone.now()
    figures: list[list[Figure]] = []
    for already, size in zip([0, *arguments.sizes], arguments.sizes, strict=False):
        grow(already, size, as_of=as_of)
        figures.append([figure for measure in measures for figure in measure(timezone.now())])
        Console(width=120).print(table_of(arguments.sizes[: len(figures)], figures))
    say(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if not arguments.keep:
        drop_database(DATABASE)


def _measure_kept(measures: Sequence[Measure]) -> None:
    from django.utils import timezone

    (size,) = sql("SELECT count(*) FROM inventory")()[0]
    figures = [figure for measure in measures for figure in measure(timezone.now())]
    Console(width=120).print(table_of([size], [figures]))
    say(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def table_of(sizes: Sequence[int], figures: Sequence[Sequence[Figure]]) -> Table:
    table = Table("ms (times the floor)", *(f"{size:,}" for size in sizes), "growth")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in zip(*figures, strict=True):
        cells = [f"{one.took:.2f}" + (f" ({one.took / one.floor:.2f})" if one.floor else "") for one in row]
        table.add_row(row[0].name, *cells, f"{row[-1].took / row[0].took:.2f}")
    return table


if __name__ == "__main__":
    from tests.benchmarks import browse, counts, roll, window

    main(counts.measure, window.measure, browse.measure, roll.measure, description=__doc__)
