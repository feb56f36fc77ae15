"""How long a list of DROP takes: a million hashes, one in a hundred of them a lead's.

uv run python -m tests.benchmarks.opt_outs [--leads 1000000] [--hashes 1000000] [--keep]
"""

import argparse
import hashlib
import time
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.database import drop_database, say, use_database

DATABASE = "benchmark_opt_outs"
MATCHING = 100
"""One hash in so many is that of a lead."""


def number(n: int) -> str:
    return f"{2 + n % 8}12{1_000_000 + n // 8 % 9_000_000}"


def leads_make(count: int) -> None:
    """Leads of as many persons, with their records, all on sale."""
    from django.db import connection
    from django.utils import timezone

    from leads.contact_keys import key_hex
    from tests.benchmarks.database import fill

    fill(0, count, classification="Gold", bucket="MONTH_6_TO_8", as_of=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for first in range(1, count + 1, 100_000):
            numbers = range(first, min(first + 100_000, count + 1))
            cursor.execute(
                "UPDATE leads SET phone_key = given.key::uuid, borrower_phone = 'x' "
                "FROM unnest(%s::bigint[], %s::text[]) AS given (n, key) "
                "WHERE leads.id = lpad(to_hex(given.n), 32, '0')::uuid",
                [list(numbers), [key_hex(number(n)) for n in numbers]],
            )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE leads, inventory")


def list_make(path: Path, hashes: int, leads: int) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write("ID,Hash\n")
        for n in range(1, hashes + 1):
            whose = n // MATCHING % leads + 1 if n % MATCHING == 0 else leads + n
            digest = hashlib.sha256(number(whose).encode()).digest()
            file.write(f"{n:012},{b64encode(digest).decode()}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    use_database(DATABASE)
    from django.core.management import call_command

    leads_make(options.leads)
    with TemporaryDirectory() as folder:
        path, answer = Path(folder) / "phones.csv", Path(folder) / "answer.csv"
        list_make(path, options.hashes, options.leads)
        for run in ("first", "second"):
            began = time.perf_counter()
            call_command("opt_out_import", path, kind="drop", response=answer)
            say(f"{run} time: {time.perf_counter() - began:.1f} s")
    if not options.keep:
        drop_database(DATABASE)


if __name__ == "__main__":
    main()
