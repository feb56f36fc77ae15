"""The one home of counts: how many records there are for a buyer, exactly, at a cost that the inventory does not set.

A count is read from the summary and the changes since its last compaction (inventory/count_models.py), less the open
records whose window is over, or has not begun, at the instant of the question: what the roll has not seen yet, found by
index. One statement sees one state of all of them. Every text here that becomes SQL is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from homeshield.lib.replica import browsing_connection
from inventory.buyer import Buyer
from inventory.criteria import Criteria
from leads.age import DAY, AgeBucket
from leads.classification import Classification

_OPEN = "sold_at_utc IS NULL AND lapsed_at_utc IS NULL"
_FACTS = "state, county, classification, age_bucket"
_SIGNED = "CASE WHEN owner IS NULL THEN records ELSE -records END"
"""What a row adds to what the buyer may have: what it owns already is taken away."""

_WHAT_MOVED = f"""
    WITH outside AS (
        SELECT lead_id, {_FACTS} FROM inventory WHERE {_OPEN} AND expires_at_utc <= %(as_of)s
        UNION ALL
        SELECT lead_id, {_FACTS} FROM inventory
        WHERE {_OPEN} AND age_bucket = '{AgeBucket.MONTH_24_PLUS}' AND enters_at_utc > %(as_of)s
        UNION ALL
        SELECT record.*
        FROM unnest(%(cell_classes)s::text[], %(cell_buckets)s::text[], %(cell_ends)s::timestamptz[])
                 AS cell (classification, age_bucket, ends),
             LATERAL (
                 SELECT lead_id, {_FACTS} FROM inventory
                 WHERE classification = cell.classification AND age_bucket = cell.age_bucket AND {_OPEN}
                   AND expires_at_utc > cell.ends
                 OFFSET 0  -- cell by cell, by the end of its index
             ) AS record
    ), moved AS (
        SELECT owner, {_FACTS}, records FROM inventory_count_changes
        WHERE (owner IS NULL OR owner = %(client)s::uuid) AND {{licensed}}
        UNION ALL
        SELECT NULL, {_FACTS}, -1 FROM outside WHERE {{licensed}}
        UNION ALL
        SELECT %(client)s::uuid, {_FACTS}, -1 FROM outside
        WHERE {{licensed}}
          AND EXISTS (SELECT FROM sales WHERE client_id = %(client)s::uuid AND lead_id = outside.lead_id OFFSET 0)
    ), by_state AS (
        SELECT owner, state, classification, age_bucket, records FROM inventory_counts_by_state
        WHERE (owner IS NULL OR owner = %(client)s::uuid) AND {{licensed}}
        UNION ALL
        SELECT owner, state, classification, age_bucket, records FROM moved
    ), by_county AS (
        SELECT owner, {_FACTS}, records FROM inventory_counts_by_county
        WHERE (owner IS NULL OR owner = %(client)s::uuid) AND {{licensed}} AND {{place}}
        UNION ALL
        SELECT owner, {_FACTS}, records FROM moved WHERE {{place}}
    )
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Count:
    """Records under some criteria: `available` may be sold to the buyer; `owned` would be, but for a sale before."""

    available: int = 0
    owned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Counts under criteria, and under each choice that would change one of them: states and counties (of the state in
    the criteria) under the class and bucket asked for, cells under the place."""

    states: dict[str, int]
    counties: dict[str, int]
    cells: dict[tuple[Classification, AgeBucket], Count]


def facet_counts(*, criteria: Criteria, buyer: Buyer, as_of: datetime) -> Facets:
    """All facets for the criteria, in one statement. States and counties without anything to buy are left out."""
    narrow = criteria.place.county is not None
    asked = {
        "classification = %(classification)s": criteria.classification,
        "age_bucket = %(age_bucket)s": criteria.age_bucket,
    }
    wanted = " AND ".join([condition for condition, value in asked.items() if value is not None] or ["TRUE"])
    in_state = "state = %(state)s" if criteria.place.state else "TRUE"
    in_place = in_state + (" AND county = %(county)s" if narrow else "")
    rows = _rows(
        f"""
        SELECT 'state', state, NULL, sum({_SIGNED}), 0 FROM by_state WHERE {wanted} GROUP BY state
        UNION ALL
        SELECT 'county', county, NULL, sum({_SIGNED}), 0 FROM by_county
        WHERE {wanted} AND county IS NOT NULL AND {"TRUE" if criteria.place.state else "FALSE"} GROUP BY county
        UNION ALL
        SELECT 'cell', classification, age_bucket, sum({_SIGNED}), sum(records) FILTER (WHERE owner IS NOT NULL)
        FROM {"by_county" if narrow else "by_state"} WHERE {in_place} GROUP BY classification, age_bucket
        """,  # noqa: S608
        place=in_state if criteria.place.state else in_place if narrow else "FALSE",
        buyer=buyer,
        as_of=as_of,
        **criteria.as_filter(),
    )
    named = {kind: {row[1]: row[3] for row in rows if row[0] == kind and row[3] > 0} for kind in ("state", "county")}
    cells = {(row[1], row[2]): Count(row[3], row[4] or 0) for row in rows if row[0] == "cell"}
    return Facets(
        states=dict(sorted(named["state"].items())),
        counties=dict(sorted(named["county"].items())),
        cells={cell: cells.get(cell, Count()) for cell in product(Classification, AgeBucket)},
    )


def counts_of(*, criteria: Sequence[Criteria], buyer: Buyer, as_of: datetime) -> list[int]:
    """How many records the buyer may have under each of the criteria, in one statement, in their order."""
    counties = sorted({one.place.county for one in criteria if one.place.county is not None})
    rows = _rows(
        f"""
        , asked AS (
            SELECT * FROM unnest(%(classes)s::text[], %(buckets)s::text[], %(states)s::text[], %(counties)s::text[])
                              WITH ORDINALITY AS asked (classification, age_bucket, state, county, number)
        )
        SELECT number, sum({_SIGNED}) FROM asked JOIN by_state stock
            ON asked.county IS NULL AND coalesce(asked.state, stock.state) = stock.state
               AND coalesce(asked.classification, stock.classification) = stock.classification
               AND coalesce(asked.age_bucket, stock.age_bucket) = stock.age_bucket
        GROUP BY number
        UNION ALL
        SELECT number, sum({_SIGNED}) FROM asked JOIN by_county stock
            ON asked.county = coalesce(stock.county, '') AND coalesce(asked.state, stock.state) = stock.state
               AND coalesce(asked.classification, stock.classification) = stock.classification
               AND coalesce(asked.age_bucket, stock.age_bucket) = stock.age_bucket
        GROUP BY number
        """,  # noqa: S608
        place="coalesce(county, '') = ANY (%(their_counties)s::text[])" if counties else "FALSE",
        buyer=buyer,
        as_of=as_of,
        their_counties=counties,
        classes=[one.classification and str(one.classification) for one in criteria],
        buckets=[one.age_bucket and str(one.age_bucket) for one in criteria],
        states=[one.place.state for one in criteria],
        counties=[one.place.county for one in criteria],
    )
    found = dict(rows)
    return [int(found.get(number, 0)) for number in range(1, len(criteria) + 1)]


def counts_of_places(*, buyer: Buyer, as_of: datetime) -> list[tuple[str, str | None]]:
    """Each (state, county or None) in which there is something for the buyer, sorted."""
    rows = _rows(
        f"SELECT state, county FROM by_county GROUP BY state, county HAVING sum({_SIGNED}) > 0",  # noqa: S608
        place="TRUE",
        buyer=buyer,
        as_of=as_of,
    )
    return sorted(rows, key=lambda row: (row[0], row[1] or ""))


def _rows(question: str, *, place: str, buyer: Buyer, as_of: datetime, **parameters: Any) -> list[Any]:
    """The answer to a question over `by_state` and `by_county`; the latter holds what lies in the `place` alone."""
    licensed = "state = ANY (%(licensed)s::text[])" if buyer.licensed_states else "TRUE"
    cells = [(row, bucket) for row, bucket in product(Classification, AgeBucket) if bucket.next]
    parameters |= {
        "as_of": as_of,
        "client": buyer.client_id,
        "licensed": sorted(buyer.licensed_states),
        "cell_classes": [str(row) for row, _ in cells],
        "cell_buckets": [str(bucket) for _, bucket in cells],
        "cell_ends": [as_of + bucket.length * DAY for _, bucket in cells],  # who enters now leaves then
    }
    with browsing_connection().cursor() as cursor:
        cursor.execute(_WHAT_MOVED.format(licensed=licensed, place=place) + question, parameters)
        rows: list[Any] = cursor.fetchall()
    return rows
