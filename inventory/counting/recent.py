"""What is new: leads that entered their age within the last week.

Nothing sums these up, so they are counted from the ends of the indexes, at most MOST for each number. So the cost does
not follow the size of the inventory (docs/performance.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from homeshield.lib.replica import reading_connection
from inventory.buyer import Buyer
from inventory.exclusion.models import NOT_EXCLUDED
from inventory.facts.columns import OPEN_SQL, in_place_sql
from inventory.facts.criteria import Cell, Criteria
from inventory.facts.place import Place
from leads.age import DAY, NEVER, AgeBucket
from leads.classification import Classification

WEEK = timedelta(days=7)

MOST = 100
"""Further ones are not counted: the number is then "100 or more"."""

_RECORDS = """
    (SELECT FROM inventory
     WHERE {open} AND classification = cell.classification AND age_bucket = cell.age_bucket {place} {licensed}
       AND cell.age_bucket <> 'MONTH_24_PLUS' AND expires_at_utc > cell.after AND expires_at_utc <= cell.until
       {not_excluded}
     ORDER BY expires_at_utc LIMIT {most})
    UNION ALL
    (SELECT FROM inventory
     WHERE {open} AND classification = cell.classification AND age_bucket = 'MONTH_24_PLUS' {place} {licensed}
       AND cell.age_bucket = 'MONTH_24_PLUS' AND enters_at_utc > %(since)s AND enters_at_utc <= %(as_of)s
       {not_excluded}
     ORDER BY enters_at_utc LIMIT {most})
"""
"""In order, so that PostgreSQL reads an index from its end and stops: for the bitmap of an index it reads the week."""

_CELLS = """
    unnest(%(classes)s::text[], %(buckets)s::text[], %(after)s::timestamptz[], %(until)s::timestamptz[])
        AS cell (classification, age_bucket, after, until)
"""
_PLACES = "unnest(%(states)s::text[], %(counties)s::text[]) WITH ORDINALITY AS place (state, county, number)"

_RECENT = """
    SELECT 'cell', classification, age_bucket, NULL::bigint, few.count
    FROM {cells}, LATERAL (SELECT count(*) FROM (
        SELECT FROM {places}, LATERAL ({records}) AS record LIMIT {most}) AS found) AS few
    UNION ALL
    SELECT 'place', NULL, NULL, place.number, few.count
    FROM {places}, LATERAL (SELECT count(*) FROM (
        SELECT FROM {cells}, LATERAL ({records}) AS record
        WHERE (%(classification)s::text IS NULL OR cell.classification = %(classification)s)
          AND (%(age_bucket)s::text IS NULL OR cell.age_bucket = %(age_bucket)s)
        LIMIT {most}) AS found) AS few
"""


@dataclass(frozen=True, slots=True)
class Recent:
    """Leads that came within a week: by class and bucket in all places, and by place under the criteria. None counts
    more than MOST."""

    cells: dict[Cell, int]
    places: dict[Place, int]


def recent_counts(*, criteria: Criteria, places: Sequence[Place], buyer: Buyer, as_of: datetime) -> Recent:
    """One statement. The places are of one level, or EVERYWHERE alone."""
    cells = list(product(Classification, AgeBucket))
    depth = max(place.depth for place in places)
    parameters: dict[str, Any] = {
        "client": buyer.client_id,
        "licensed": sorted(buyer.licensed_states),
        "as_of": as_of,
        "since": as_of - WEEK,
        "classes": [str(row) for row, _ in cells],
        "buckets": [str(bucket) for _, bucket in cells],
        # By the ends of their windows, by which the indexes go.
        "after": [as_of - WEEK + bucket.length * DAY if bucket.next else NEVER for _, bucket in cells],
        "until": [as_of + bucket.length * DAY if bucket.next else NEVER for _, bucket in cells],
        "states": [place.state for place in places],
        "counties": [place.county for place in places],
        "classification": criteria.classification,
        "age_bucket": criteria.age_bucket,
    }
    records = _RECORDS.format(
        open=OPEN_SQL,
        place=in_place_sql(depth),
        licensed="AND state = ANY (%(licensed)s::text[])" if buyer.licensed_states else "",
        not_excluded=f"AND {NOT_EXCLUDED.format('%(client)s')}" if buyer.client_id else "",
        most=MOST,
    )
    statement = _RECENT.format(cells=_CELLS, places=_PLACES, records=records, most=MOST)
    with reading_connection().cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return Recent(
        cells={
            (Classification(row), AgeBucket(bucket)): count for kind, row, bucket, _, count in rows if kind == "cell"
        },
        places={places[number - 1]: count for kind, _, _, number, count in rows if kind == "place"},
    )
