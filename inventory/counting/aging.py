"""What gets older: how many of the leads on sale enter their next age, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeshield.lib.replica import reading_connection
from inventory.buyer import Buyer
from inventory.exclusion.models import NOT_EXCLUDED
from inventory.facts.columns import OPEN_SQL
from inventory.facts.criteria import Cell, Criteria
from inventory.facts.place import Place
from leads.age import DAY, AgeBucket
from leads.classification import Classification

# Cell by cell and place by place, each a range of the index that has them in the order of their ends. A window that
# ends at an instant is over at it: so a lead that ends `days` from now has moved on in the roll of that instant.
_AGING = """
    SELECT cell.classification, cell.age_bucket, passed.days, sum(passed.leads)
    FROM unnest(%(classes)s::text[], %(buckets)s::text[]) AS cell (classification, age_bucket),
         unnest(%(states)s::text[], %(counties)s::text[]) AS place (state, county),
         LATERAL (
             SELECT greatest(1, ceil(extract(epoch FROM expires_at_utc - %(as_of)s) / 86400))::int AS days,
                    count(*) AS leads
             FROM inventory
             WHERE {open} AND classification = cell.classification AND age_bucket = cell.age_bucket {place} {licensed}
               AND expires_at_utc > %(as_of)s AND expires_at_utc <= %(until)s AND enters_at_utc <= %(as_of)s
               {not_excluded}
             GROUP BY 1
         ) AS passed
    GROUP BY 1, 2, 3
"""

_PLACE = {
    0: "",
    1: "AND inventory.state = place.state",
    2: "AND inventory.state = place.state AND inventory.county = place.county",
}


@dataclass(frozen=True, slots=True)
class Passing:
    """Leads of a cell that enter the next age within that many days: more than `days - 1`, and `days` at most."""

    cell: Cell
    days: int
    leads: int


def leads_passing(
    *, criteria: Criteria, places: Sequence[Place], buyer: Buyer, as_of: datetime, days: int
) -> list[Passing]:
    """Of the leads that the buyer can buy now, by cell and day. One statement; its cost follows what it counts."""
    cells = [(row, bucket) for row, bucket in criteria.cells if bucket.next]
    parameters: dict[str, Any] = {
        "client": buyer.client_id,
        "licensed": sorted(buyer.licensed_states),
        "as_of": as_of,
        "until": as_of + days * DAY,
        "classes": [str(row) for row, _ in cells],
        "buckets": [str(bucket) for _, bucket in cells],
        "states": [place.state for place in places],
        "counties": [place.county for place in places],
    }
    statement = _AGING.format(
        open=OPEN_SQL,
        place=_PLACE[max(place.depth for place in places)],
        licensed="AND state = ANY (%(licensed)s::text[])" if buyer.licensed_states else "",
        not_excluded=f"AND {NOT_EXCLUDED.format('%(client)s')}" if buyer.client_id else "",
    )
    with reading_connection().cursor() as cursor:
        cursor.execute(statement, parameters)
        return [
            Passing((Classification(row), AgeBucket(bucket)), day, int(leads)) for row, bucket, day, leads in cursor
        ]
