"""How long ingest_csv takes for a call-center file, beside psql's \\copy of what it makes of it into the same tables.

    uv run python -m tests.benchmarks.ingest [--rows 100000 1000000] [--rounds 3] [--csv leads.csv]
    uv run python -m tests.benchmarks.ingest --rows 100000 --beside 10000000

Makes a database of its own and drops it afterwards. The rows come out of a first load, which is not counted. Then both
take turns, each beginning with empty tables, so that a busy machine is unfair to both. The floor is given its rows
ready-made, and writes them in one transaction into tables with the same indexes, constraints and triggers.

With `--beside`, files of new persons are loaded into an empty shop, and then into one that holds as many leads; and so
is the floor, which shows what the tables' own indexes cost there.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, LiteralString

from tests.benchmarks.database import drop_database, psql_command, say, use_database

DATABASE = "benchmark_ingest"
BESIDE = "benchmark_ingest_beside"
TABLES: tuple[LiteralString, ...] = (
    *("loads", "leads", "common_keys", "person_links", "withheld_leads"),
    *("inventory", "young_leads"),
)
"""What a load writes, in the order in which foreign keys and triggers want it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds from start to exit, seconds of its own on a processor, and the most memory that it had (MB).

    Linux counts the memory of this process as the other's until that one is itself: less than this one it cannot show.
    `load` is how long ingest_csv says that it took, which leaves out the start of Python and Django.
    """

    seconds: float
    processor: float
    memory: float
    load: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3, help="2 or more")
    parser.add_argument("--beside", type=int, help="compare an empty shop with one that holds so many leads")
    parser.add_argument("--csv", type=Path, help="take rows from this file: none to reject, none twice")
    arguments = parser.parse_args()
    if min(arguments.rows) < 1 or arguments.rounds < 2:
        parser.error("--rows must be 1 or more, --rounds 2 or more")
    use_database(DATABASE)
    try:
        for rows in arguments.rows:
            with TemporaryDirectory() as folder:
                if arguments.beside:
                    compare_beside(Path(folder), rows=rows, rounds=arguments.rounds, beside=arguments.beside)
                else:
                    compare(Path(folder), rows=rows, rounds=arguments.rounds, given=arguments.csv)
    finally:
        drop_database(DATABASE)


def compare(folder: Path, *, rows: int, rounds: int, given: Path | None) -> None:
    file = folder / "leads.csv"
    if given:
        with given.open("rb") as source, file.open("wb") as target:
            target.writelines(islice(source, rows + 1))
    else:
        write_csv(file, rows)
    say(f"{rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB")
    empty_tables()
    load(file, rows)
    dump(folder)
    floors, ours = [], []
    for number in range(1, rounds + 1):
        empty_tables()
        floors.append(copy(folder, rows))
        empty_tables()
        ours.append(load(file, rows))
        say(f"round {number}: psql \\copy {floors[-1].seconds:.2f} s, ingest_csv {ours[-1].seconds:.2f} s")
    floor, whole = (statistics.median(run.seconds for run in runs) for runs in (floors, ours))
    loading = statistics.median(run.load for run in ours)
    say(f"psql \\copy    {floor:8.2f} s  {rows / floor:10,.0f} rows/s  {processor(floors):8.2f} s on a processor")
    say(f"ingest_csv    {whole:8.2f} s  {rows / whole:10,.0f} rows/s  {processor(ours):8.2f} s on a processor")
    say(f"ratio         {whole / floor:8.2f}    (of the load without the program's start: {loading / floor:.2f})")
    say(f"peak memory   {max(run.memory for run in ours):8.0f} MB")


def compare_beside(folder: Path, *, rows: int, rounds: int, beside: int) -> None:
    """The two shops take turns, and so do a load and the floor, each with rows of its own. The first round is not
    counted."""
    use_database(BESIDE)
    try:
        fill_keyed(beside)
        use_database(DATABASE, fresh=False)
        number_loads_apart()
        there = beside
        ours, floors = [], []
        for number in range(rounds + 1):
            file, ready = folder / f"leads_{2 * number}.csv", folder / f"leads_{2 * number + 1}.csv"
            for part, name in enumerate((file, ready)):
                write_csv(name, rows, first=(2 * number + part) * rows + 1)
            use_database(DATABASE, fresh=False)
            empty_tables()
            load(ready, rows)
            dump(folder)
            empty_tables()
            floor_alone = copy(folder, rows)
            empty_tables()
            alone = load(file, rows)
            use_database(BESIDE, fresh=False)
            checkpoint()
            full = load(file, there + rows, loaded=rows, database=BESIDE)
            checkpoint()
            floor_full = copy(folder, there + 2 * rows)
            say(
                f"beside {there:,} leads: ingest_csv {alone.seconds:.2f} s -> {full.seconds:.2f} s, "
                f"{full.memory:.0f} MB;"
                f" psql \\copy {floor_alone.seconds:.2f} s -> {floor_full.seconds:.2f} s"
            )
            there += 2 * rows
            ours.append((alone, full))
            floors.append((floor_alone, floor_full))
        for what, runs in (("ingest_csv", ours), ("psql \\copy", floors)):
            ratio = statistics.median(full.seconds / alone.seconds for alone, full in runs[1:])
            say(f"{what:<12}  {ratio:8.2f} of an empty shop")
        more = statistics.median(full.seconds - alone.seconds for alone, full in ours[1:])
        floor_more = statistics.median(full.seconds - alone.seconds for alone, full in floors[1:])
        say(f"beside them   {more:8.2f} s more for ingest_csv, {floor_more:.2f} s more for psql \\copy")
    finally:
        drop_database(BESIDE)
        use_database(DATABASE, fresh=False)


def number_loads_apart() -> None:
    """What is copied from here must not name loads of the other shop."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('loads', 'id'), 1000000)")


def fill_keyed(count: int) -> None:
    """Leads of as many persons, with their records, all on sale."""
    from django.db import connection
    from django.utils import timezone

    from tests.benchmarks.database import fill

    began = time.perf_counter()
    for first in range(0, count, 1_000_000):
        part = min(1_000_000, count - first)
        fill(first + 1_000_000_000, part, classification="Gold", bucket="MONTH_6_TO_8", as_of=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads, inventory")
    say(f"{count:,} leads made in {time.perf_counter() - began:.0f} s")


def processor(runs: list[Run]) -> float:
    return statistics.median(run.processor for run in runs)


def write_csv(file: Path, rows: int, *, first: int = 1) -> None:
    """People who do not exist, over all states and buckets."""
    from django.utils import timezone

    from homeshield.demo.fictional_leads import fictional_csv

    with file.open("wb") as out, fictional_csv(range(first, first + rows), today=timezone.now().date()) as made:
        for number, line in enumerate(made):
            out.write(line)
            if number % 100_000 == 0 and number:
                say(f"{number:,} rows written")


def load(file: Path, rows: int, *, loaded: int | None = None, database: str = DATABASE) -> Run:
    """ingest_csv in a process of its own, from its start to its end, with all that Python and Django take."""
    answer = file.with_suffix(".json")
    with answer.open("wb") as out:
        run = timed([sys.executable, "-m", "tests.leads.ingest_process", database, str(file), "--json"], out=out)
    report = json.loads(answer.read_text())
    assert report["loaded"] == (loaded or rows), report
    check_tables(rows)
    return replace(run, load=report["seconds"])


def dump(folder: Path) -> None:
    """The rows of a load, ready-made for the floor."""
    timed(psql_command(*(f"\\copy {table} TO '{folder / table}'" for table in TABLES)))


def copy(folder: Path, rows: int) -> Run:
    run = timed(psql_command(*(f"\\copy {table} FROM '{folder / table}'" for table in TABLES)))
    check_tables(rows)
    return run


def timed(command: list[str], out: BinaryIO | None = None) -> Run:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=out)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command[-1]
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def check_tables(rows: int) -> None:
    """Every lead is there, and is in a bucket, noted as too young for one, or withheld."""
    counts = {table: count(table) for table in ("leads", "inventory", "young_leads", "withheld_leads")}
    assert counts["leads"] == rows, counts
    assert rows - counts["withheld_leads"] <= counts["inventory"] + counts["young_leads"] <= rows, counts


def count(table: LiteralString) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def empty_tables() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # leads are not to be removed
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        cursor.execute("SET session_replication_role = origin")
    checkpoint()


def checkpoint() -> None:
    """Or the one who comes second writes what the first one left."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


if __name__ == "__main__":
    main()
