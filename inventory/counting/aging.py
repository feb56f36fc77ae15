"""What gets older: how many of the leads on sale enter their next age, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from homeshield.lib.replica import reading_connection
from inventory.buyer import Buyer
from inventory.facts.columns import OPEN_SQL, in_place_sql
from inventory.facts.criteria import Cell, Criteria
from inventory.facts.place import EVERYWHERE, Place
from leads.age import DAY

# A window that ends at an instant is over at it: so a lead that ends `days` from now has moved on in the roll of that
# instant. Nobody asks when a window began: one that ends so soon has begun. Each cell, place and span is a range of an
# index that holds all that is asked, the lead's id too, so of no record more than its entry there is read.
_PASSING = """
    SELECT cell.number, span.days, count(*)
    FROM unnest(%(classes)s::text[], %(buckets)s::text[]) WITH ORDINALITY AS cell (classification, age_bucket, number),
         unnest(%(states)s::text[], %(counties)s::text[]) AS place (state, county),
         unnest(%(days)s::int[], %(after)s::timestamptz[], %(until)s::timestamptz[]) AS span (days, after, until),
         LATERAL (
             SELECT lead_id FROM inventory
             WHERE {open} AND classification = cell.classification AND age_bucket = cell.age_bucket {place}
               AND expires_at_utc > span.after AND expires_at_utc <= span.until
         ) AS passed
    {not_excluded}
    GROUP BY cell.number, span.days
"""

_NOT_EXCLUDED = "WHERE NOT EXISTS (SELECT FROM exclusions WHERE client_id = %(client)s AND lead_id = passed.lead_id)"
"""Not exclusion's NOT_EXCLUDED: all are counted, so of many leads PostgreSQL should hash the client's pairs."""


@dataclass(frozen=True, slots=True)
class Passing:
    """Leads of a cell that enter the next age within that many days, and not within fewer of those asked about."""

    cell: Cell
    days: int
    leads: int


def leads_passing(
    *, criteria: Criteria, places: Sequence[Place], buyer: Buyer, as_of: datetime, days: Sequence[int]
) -> list[Passing]:
    """Of the leads that the buyer can buy now, by cell and `days`, which ascend and are fewer than an age has.

    The places are of one level, or EVERYWHERE alone. One statement; its cost follows what it counts.
    """
    cells = [(row, bucket) for row, bucket in criteria.cells if bucket.next]
    places = _licensed(places, buyer)
    ends = [as_of + each * DAY for each in (0, *days)]
    parameters: dict[str, Any] = {
        "client": buyer.client_id,
        "days": list(days),
        "after": [after for after, _ in pairwise(ends)],
        "until": [until for _, until in pairwise(ends)],
        "classes": [str(row) for row, _ in cells],
        "buckets": [str(bucket) for _, bucket in cells],
        "states": [place.state for place in places],
        "counties": [place.county for place in places],
    }
    statement = _PASSING.format(
        open=OPEN_SQL,
        place=in_place_sql(max((place.depth for place in places), default=0)),
        not_excluded=_NOT_EXCLUDED if buyer.client_id else "",
    )
    with reading_connection().cursor() as cursor:
        cursor.execute(statement, parameters)
        return [Passing(cells[number - 1], day, leads) for number, day, leads in cursor]


def _licensed(places: Sequence[Place], buyer: Buyer) -> list[Place]:
    """Those of them in which the buyer is licensed. By name, because each state has its range in the index."""
    if not buyer.licensed_states:
        return list(places)
    if EVERYWHERE in places:
        return [Place(state) for state in sorted(buyer.licensed_states)]
    return [place for place in places if place.state in buyer.licensed_states]
