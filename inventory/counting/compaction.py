"""Compacts, checks and rebuilds the counts.

An advisory lock lets one run at a time. Orders and rolls only append changes and never wait; a load waits at its end.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from inventory.facts.columns import OPEN_SQL

MANY = 20_000
"""Changes. Autovacuum handles fewer."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('inventory'), hashtext('counts'))"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('inventory'), hashtext('counts'))"

# ROLLUP (county) makes a row for each county and one for its state (county NULL). The ORDER BY puts rows that are read
# together side by side: the states, then each state's counties.

COMPACT = """
    WITH gone AS (
        DELETE FROM inventory_count_changes
        RETURNING owner, listed, classification, age_bucket, state, county, records
    ), counted AS (
        INSERT INTO inventory_counts AS summary (owner, listed, classification, age_bucket, state, county, records)
        SELECT owner, listed, classification, age_bucket, state, county, sum(records)
        FROM gone
        GROUP BY owner, listed, classification, age_bucket, state, ROLLUP (county)
        HAVING sum(records) <> 0
        ORDER BY county IS NOT NULL, state
        ON CONFLICT (owner, listed, classification, age_bucket, state, county)
            DO UPDATE SET records = summary.records + excluded.records
    )
    SELECT count(*) FROM gone
"""

ACTUAL = f"""
    SELECT owner, listed, classification, age_bucket, state, county, count(*) AS records
    FROM (
        SELECT NULL::uuid AS owner, false AS listed, classification, age_bucket, state, county
        FROM inventory WHERE {OPEN_SQL}
        UNION ALL
        SELECT pair.client_id, NOT pair.owned, record.classification, record.age_bucket, record.state, record.county
        FROM (SELECT * FROM inventory WHERE {OPEN_SQL}) AS record
        JOIN exclusions pair ON pair.lead_id = record.lead_id
    ) AS record
    GROUP BY owner, listed, classification, age_bucket, state, ROLLUP (county)
"""  # noqa: S608 - the text is ours
"""What the summary should say: the open records, and those excluded for each client."""

COMPARE = f"""
    SELECT owner, listed, state, county, classification, age_bucket, sum(counted)::int, sum(actual)::int
    FROM (
        SELECT owner, listed, classification, age_bucket, state, county, records AS counted, 0 AS actual
        FROM inventory_counts
        UNION ALL
        SELECT owner, listed, classification, age_bucket, state, county, sum(records), 0
        FROM inventory_count_changes
        GROUP BY owner, listed, classification, age_bucket, state, ROLLUP (county)
        UNION ALL
        SELECT owner, listed, classification, age_bucket, state, county, 0, records FROM ({ACTUAL}) AS actual
    ) AS both_sides
    GROUP BY owner, listed, state, county, classification, age_bucket
    HAVING sum(counted) <> sum(actual)
"""  # noqa: S608

REBUILD = f"""
    WITH gone AS (
        DELETE FROM inventory_count_changes
    )
    INSERT INTO inventory_counts AS summary (owner, listed, classification, age_bucket, state, county, records)
    SELECT owner, listed, classification, age_bucket, state, county, sum(records)
    FROM (
        SELECT owner, listed, classification, age_bucket, state, county, records FROM ({ACTUAL}) AS actual
        UNION ALL
        SELECT owner, listed, classification, age_bucket, state, county, 0 FROM inventory_counts
    ) AS anew
    GROUP BY owner, listed, classification, age_bucket, state, county
    ORDER BY county IS NOT NULL, state
    ON CONFLICT (owner, listed, classification, age_bucket, state, county)
        DO UPDATE SET records = excluded.records WHERE summary.records <> excluded.records
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class CountDifference:
    """A wrong count. `county` is None for the whole state, empty if unknown."""

    owner: UUID | None
    listed: bool
    state: str
    county: str | None
    classification: str
    age_bucket: str
    counted: int
    actual: int


def counts_compact(*, wait: bool = False) -> int:
    """Returns the number of changes. Does nothing if another upkeep runs, or waits for it.

    One statement, so that readers count each change once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK if wait else _TRY_LOCK)
        if cursor.fetchone()[0] is False:
            return 0
        cursor.execute(COMPACT)
        compacted: int = cursor.fetchone()[0]
    if compacted > MANY:
        counts_tidy()
    return compacted


def counts_tidy() -> None:
    """Does nothing in a transaction.

    Each count reads the whole table, and after a load of millions autovacuum comes up to a minute later.
    """
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM inventory_count_changes")


def counts_compare() -> list[CountDifference]:
    """Counts all records in one statement, so that no sale gets in between."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARE)
        return [CountDifference(*row) for row in cursor.fetchall()]


def counts_rebuild() -> None:
    """Rebuilds the summary from the records.

    Orders may run meanwhile: their uncommitted changes are kept and count afterwards.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(REBUILD)
        cursor.execute("DELETE FROM inventory_counts WHERE records = 0")
