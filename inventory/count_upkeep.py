"""Upkeep of the counts: compaction of the changes, comparison with the records, and making them anew from the records.

An advisory lock lets one of these run at a time. Orders, loads and rolls never meet them while they append changes; a
load adds them up at its end, and waits there for an upkeep that is under way.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

MANY = 20_000
"""Changes whose room is given back at once when they are compacted; of fewer, autovacuum takes care."""

_KEY = "hashtext('inventory'), hashtext('counts')"
_LOCK, _TRY_LOCK = f"SELECT pg_advisory_xact_lock({_KEY})", f"SELECT pg_try_advisory_xact_lock({_KEY})"
_CELL = "classification, age_bucket"
_SUMMARIES = {
    "by_state": f"owner, state, {_CELL}",
    "by_county": f"owner, state, county, {_CELL}",
}
_RECORDS = f"""
    SELECT NULL::uuid AS owner, state, county, {_CELL} FROM inventory
    WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL
    UNION ALL
    SELECT sale.client_id, record.state, record.county, record.classification, record.age_bucket
    FROM sales sale JOIN inventory record ON record.lead_id = sale.lead_id AND record.id <> sale.inventory_id
    WHERE record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL
"""  # noqa: S608 - all of it is ours
"""A row for each open record, and one more for each client that owns its lead already."""


@dataclass(frozen=True, slots=True)
class CountDifference:
    """A count that is not what the records say. `county` is None in the summary by state, and for records without."""

    summary: str
    owner: UUID | None
    state: str
    county: str | None
    classification: str
    age_bucket: str
    counted: int
    actual: int


def counts_compact(*, wait: bool = False) -> int:
    """Adds the changes up into the summary; returns how many there were. While another one is at it, does nothing or
    waits for its end.

    One statement: who counts meanwhile sees all of it or nothing, and no change is lost or counted twice.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if wait:
            cursor.execute(_LOCK)
        else:
            cursor.execute(_TRY_LOCK)
            if not cursor.fetchone()[0]:
                return 0
        cursor.execute(_COMPACT)
        compacted: int = cursor.fetchone()[0]
    if compacted > MANY:
        counts_tidy()
    return compacted


def counts_tidy() -> None:
    """Gives back the room of changes that are compacted: each count reads all of their table, and after a load of
    millions autovacuum comes up to a minute later. Within a transaction there is nothing to give back yet."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM inventory_count_changes")


def _upsert(summary: str, source: str, value: str) -> str:
    key = _SUMMARIES[summary]
    table = f"inventory_counts_{summary}"
    return f"""
        INSERT INTO {table} ({key}, records)
        SELECT {key}, sum(records) FROM ({source}) AS counted GROUP BY {key}
        ON CONFLICT ({key}) DO UPDATE SET records = {value}
        WHERE {table}.records <> {value}
    """  # noqa: S608 - all of it is ours


_COMPACT = f"""
    WITH gone AS (
        DELETE FROM inventory_count_changes RETURNING owner, state, county, {_CELL}, records
    ), states AS (
        {_upsert("by_state", "SELECT * FROM gone", "inventory_counts_by_state.records + excluded.records")}
    ), counties AS (
        {_upsert("by_county", "SELECT * FROM gone", "inventory_counts_by_county.records + excluded.records")}
    )
    SELECT count(*) FROM gone
"""  # noqa: S608 - all of it is ours


def counts_compare() -> list[CountDifference]:
    """Counts all records and compares; reads everything, in one statement, so that no sale gets in between."""
    compared = [
        f"""
        SELECT '{summary}', owner, state, {"county" if "county" in key else "NULL"}, {_CELL},
               sum(counted)::int, sum(actual)::int
        FROM (
            SELECT {key}, records AS counted, 0 AS actual FROM inventory_counts_{summary}
            UNION ALL SELECT {key}, records, 0 FROM inventory_count_changes
            UNION ALL SELECT {key}, 0, actual FROM truth
        ) AS each
        GROUP BY {key} HAVING sum(counted) <> sum(actual)
        """  # noqa: S608 - all of it is ours
        for summary, key in _SUMMARIES.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH truth AS (
                SELECT owner, state, county, {_CELL}, count(*) AS actual FROM ({_RECORDS}) AS records
                GROUP BY owner, state, county, {_CELL}
            )
            {" UNION ALL ".join(compared)}
            """  # noqa: S608 - all of it is ours
        )
        return [CountDifference(*row) for row in cursor.fetchall()]


_REBUILD = f"""
    WITH truth AS MATERIALIZED (
        SELECT owner, state, county, {_CELL}, count(*) AS records FROM ({_RECORDS}) AS records
        GROUP BY owner, state, county, {_CELL}
    ), gone AS (
        DELETE FROM inventory_count_changes
    ), states AS (
        {{states}}
    )
    {{counties}}
""".format(  # noqa: S608 - all of it is ours
    **{
        place: _upsert(
            summary,
            f"SELECT {_SUMMARIES[summary]}, records FROM truth "  # noqa: S608
            f"UNION ALL SELECT {_SUMMARIES[summary]}, 0 FROM inventory_counts_{summary}",
            "excluded.records",
        )
        for place, summary in (("states", "by_state"), ("counties", "by_county"))
    }
)


def counts_rebuild() -> None:
    """Makes the counts anew from the records, also in a transaction that has changed them in other ways.

    Beside orders: the changes of those that are not committed yet are neither seen nor removed, and count afterwards.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_REBUILD)
        for summary in _SUMMARIES:
            cursor.execute(f"DELETE FROM inventory_counts_{summary} WHERE records = 0")  # noqa: S608
