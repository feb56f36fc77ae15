"""Exact counts for a buyer, at a cost independent of the size of the inventory.

Each question is one statement that begins with STOCK, so that its answer is consistent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from homeshield.lib.replica import reading_connection
from inventory.buyer import Buyer
from inventory.facts.columns import OPEN_SQL
from inventory.facts.criteria import Cell, Criteria
from inventory.facts.place import EVERYWHERE, UNKNOWN, Place
from leads.age import DAY, AgeBucket
from leads.classification import Classification
from leads.geography import STATES

STOCK = f"""
    WITH outside AS (
        -- Open records whose window is over, or has not begun, at the instant asked about: no roll has seen them yet.
        SELECT lead_id, classification, age_bucket, state, county FROM inventory
        WHERE {OPEN_SQL} AND expires_at_utc <= %(as_of)s
        UNION ALL
        SELECT lead_id, classification, age_bucket, state, county FROM inventory
        WHERE {OPEN_SQL} AND age_bucket = 'MONTH_24_PLUS' AND enters_at_utc > %(as_of)s
        UNION ALL
        SELECT record.*
        FROM unnest(%(cell_classes)s::text[], %(cell_buckets)s::text[], %(cell_ends)s::timestamptz[])
                 AS cell (classification, age_bucket, ends),
             LATERAL (
                 SELECT lead_id, classification, age_bucket, state, county FROM inventory
                 WHERE {OPEN_SQL} AND classification = cell.classification AND age_bucket = cell.age_bucket
                   AND expires_at_utc > cell.ends
                 OFFSET 0  -- cell by cell, from the end of its index
             ) AS record
    ), moved AS (
        -- What the summary does not know yet.
        SELECT owner, listed, classification, age_bucket, state, county, records FROM inventory_count_changes
        WHERE owner IS NULL OR owner = %(client)s::uuid
        UNION ALL
        SELECT NULL, false, classification, age_bucket, state, county, -1 FROM outside
        UNION ALL
        SELECT %(client)s::uuid, NOT pair.owned, classification, age_bucket, state, county, -1
        FROM outside, LATERAL (SELECT owned FROM exclusions
                               WHERE client_id = %(client)s::uuid AND lead_id = outside.lead_id OFFSET 0) AS pair
    ), of_states AS (
        SELECT owner, listed, classification, age_bucket, state, county, records FROM inventory_counts
        WHERE county IS NULL AND (owner IS NULL OR owner = %(client)s::uuid)
          AND (%(licensed)s::text[] IS NULL OR state = ANY (%(licensed)s::text[]))
        UNION ALL
        SELECT owner, listed, classification, age_bucket, state, NULL, records FROM moved
        WHERE %(licensed)s::text[] IS NULL OR state = ANY (%(licensed)s::text[])
    ), of_counties AS (
        SELECT owner, listed, classification, age_bucket, state, county, records
        FROM (
            SELECT owner, listed, classification, age_bucket, state, county, records FROM inventory_counts
            WHERE county IS NOT NULL AND (owner IS NULL OR owner = %(client)s::uuid)
            UNION ALL
            SELECT owner, listed, classification, age_bucket, state, county, records FROM moved
        ) AS counted
        WHERE %(counties_of)s::text[] IS NOT NULL  -- where no county is asked about, PostgreSQL skips this
          AND state = ANY (%(counties_of)s::text[])
          AND (%(counties)s::text[] IS NULL OR county = ANY (%(counties)s::text[])
               OR state = ANY (%(whole_states)s::text[]))
          AND (%(licensed)s::text[] IS NULL OR state = ANY (%(licensed)s::text[]))
    )
"""  # noqa: S608 - the text is ours
"""Rows to be summed. Those with an owner count what is excluded for the buyer."""

FACETS = f"""{STOCK}
    SELECT 'state' AS facet, state AS first, NULL AS second,
           sum(CASE WHEN owner IS NULL THEN records ELSE -records END) AS available,
           coalesce(sum(records) FILTER (WHERE owner IS NOT NULL AND NOT listed), 0) AS owned,
           coalesce(sum(records) FILTER (WHERE listed), 0) AS suppressed
    FROM of_states
    WHERE (%(classification)s::text IS NULL OR classification = %(classification)s)
      AND (%(age_bucket)s::text IS NULL OR age_bucket = %(age_bucket)s)
    GROUP BY state
    UNION ALL
    SELECT 'county', state, county, sum(CASE WHEN owner IS NULL THEN records ELSE -records END),
           coalesce(sum(records) FILTER (WHERE owner IS NOT NULL AND NOT listed), 0),
           coalesce(sum(records) FILTER (WHERE listed), 0)
    FROM of_counties
    WHERE (state = %(state)s OR state || ',' || county = ANY (%(elsewhere)s::text[]))
      AND (%(classification)s::text IS NULL OR classification = %(classification)s)
      AND (%(age_bucket)s::text IS NULL OR age_bucket = %(age_bucket)s)
    GROUP BY state, county
    UNION ALL
    SELECT 'cell', classification, age_bucket, sum(CASE WHEN owner IS NULL THEN records ELSE -records END),
           coalesce(sum(records) FILTER (WHERE owner IS NOT NULL AND NOT listed), 0),
           coalesce(sum(records) FILTER (WHERE listed), 0)
    FROM (
        SELECT * FROM of_states WHERE %(in_counties)s::text[] IS NULL
        UNION ALL
        SELECT * FROM of_counties
        WHERE county = ANY (%(in_counties)s::text[])
          AND (%(pairs)s::text[] IS NULL OR state || ',' || county = ANY (%(pairs)s::text[]))
    ) AS of_places
    WHERE %(in_states)s::text[] IS NULL OR state = ANY (%(in_states)s::text[])
    GROUP BY classification, age_bucket
"""  # noqa: S608
"""Counts under criteria and each change of one."""

LINES = f"""{STOCK}
    SELECT asked.line, sum(CASE WHEN owner IS NULL THEN records ELSE -records END),
           coalesce(sum(records) FILTER (WHERE owner IS NOT NULL AND NOT listed), 0),
           coalesce(sum(records) FILTER (WHERE listed), 0)
    FROM unnest(%(lines)s::int[], %(classifications)s::text[], %(age_buckets)s::text[], %(states)s::text[],
                %(line_counties)s::text[]) AS asked (line, classification, age_bucket, state, county)
    JOIN (SELECT * FROM of_states UNION ALL SELECT * FROM of_counties) AS stock
        ON asked.classification = stock.classification AND asked.age_bucket = stock.age_bucket
           AND coalesce(asked.state, stock.state) = stock.state
           AND asked.county IS NOT DISTINCT FROM stock.county
    GROUP BY asked.line
"""  # noqa: S608
"""`asked` has a row for each class and bucket of a line."""

PLACES = f"""{STOCK}
    SELECT state, county FROM of_counties
    GROUP BY state, county HAVING sum(CASE WHEN owner IS NULL THEN records ELSE -records END) > 0
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter's value, and the number of records it leaves."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Stock:
    """How many records under some criteria a buyer can have, and how many more are excluded for it, by reason."""

    available: int = 0
    owned: int = 0
    suppressed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """`owned` and `suppressed` match but are excluded: the buyer has leads of those persons, or has them on its list
    (contract, "Exclusion").

    `states` and `counties` apply the class and bucket of the criteria, `cells` the places. `by_place` is what `states`
    and `counties` count, also where nothing is left, and has the places that were asked about.
    """

    total: int
    owned: int
    suppressed: int
    states: list[Facet]
    counties: list[Facet]
    cells: dict[Cell, int]
    by_place: dict[Place, Stock]

    def at(self, place: Place) -> Stock:
        """Of a state, of a county of the criteria's state, of another county that was asked about, or of everything."""
        if place == EVERYWHERE:
            return Stock(self.total, self.owned, self.suppressed)
        return self.by_place.get(place, Stock())


def availability(*, criteria: Criteria, buyer: Buyer, as_of: datetime, places: Sequence[Place] = ()) -> Availability:
    """Omits places that would leave nothing.

    Of several `places`, states or counties, totals and cells count all together. The counties are those of the
    criteria's state, whatever the places are.
    """
    asked = {"classification": None, "age_bucket": None, "state": None, "county": None} | criteria.as_filter()
    places = places or [criteria.place]
    total = owned = suppressed = 0
    facets: dict[str, list[Facet]] = {"state": [], "county": []}
    by_place = {}
    cells = dict.fromkeys(product(Classification, AgeBucket), 0)
    around = Place(criteria.place.state) if criteria.place.state else criteria.place
    about = [around] if around != EVERYWHERE else []
    elsewhere = [place for place in places if place.county and place.state not in (None, criteria.place.state)]
    states = sorted({place.state for place in places if place.state is not None})
    counties = sorted({place.county for place in places if place.county is not None})
    rows = _rows(
        FACETS, buyer=buyer, as_of=as_of, counties_in=[*about, *elsewhere],
        in_states=states or None, in_counties=counties or None,
        elsewhere=[place.as_text for place in elsewhere] or None,
        pairs=[place.as_text for place in places] if len(states) > 1 and counties else None, **asked,
    )  # fmt: skip
    for facet, first, second, *counts in rows:
        found = Stock(*map(int, counts))
        if facet == "cell":
            cell = Classification(first), AgeBucket(second)
            cells[cell] = found.available
            if cell in criteria.cells:
                total += found.available
                owned += found.owned
                suppressed += found.suppressed
            continue
        place = Place(first, second)
        if found != Stock():
            by_place[place] = found
        if found.available > 0 and place.county != UNKNOWN and place not in elsewhere:
            facets[facet].append(Facet(second if facet == "county" else first, found.available))
    return Availability(
        total=total,
        owned=owned,
        suppressed=suppressed,
        states=sorted(facets["state"], key=lambda each: each.value),
        counties=sorted(facets["county"], key=lambda each: each.value),
        cells=cells,
        by_place=by_place,
    )


def available_count(*, criteria: Criteria, buyer: Buyer, as_of: datetime) -> int:
    """How many records the buyer can buy."""
    return available_counts(criteria=[criteria], buyer=buyer, as_of=as_of)[criteria]


def available_counts(*, criteria: Collection[Criteria], buyer: Buyer, as_of: datetime) -> dict[Criteria, int]:
    """How many records the buyer can buy under each of the criteria, in one statement."""
    return {line: stock.available for line, stock in stock_of(criteria=criteria, buyer=buyer, as_of=as_of).items()}


def stock_of(*, criteria: Collection[Criteria], buyer: Buyer, as_of: datetime) -> dict[Criteria, Stock]:
    """The same, with what is excluded for the buyer beside it."""
    lines = list(dict.fromkeys(criteria))
    asked = [
        (number, cell, part.place) for number, line in enumerate(lines) for part in line.parts for cell in line.cells
    ]
    rows = _rows(
        LINES,
        buyer=buyer,
        as_of=as_of,
        lines=[number for number, _, _ in asked],
        classifications=[str(classification) for _, (classification, _), _ in asked],
        age_buckets=[str(bucket) for _, (_, bucket), _ in asked],
        states=[place.state for _, _, place in asked],
        line_counties=[place.county for _, _, place in asked],
        counties_in=[part.place for line in lines for part in line.parts if part.place.county is not None],
    )
    found = {number: Stock(*map(int, counts)) for number, *counts in rows}
    return {line: found.get(number, Stock()) for number, line in enumerate(lines)}


def locations(*, buyer: Buyer, as_of: datetime) -> dict[str, list[str]]:
    """Where the buyer can buy something, sorted."""
    found: dict[str, list[str]] = {}
    for state, county in sorted(_rows(PLACES, buyer=buyer, as_of=as_of, counties_in=[EVERYWHERE])):
        found.setdefault(state, []).extend([county] if county != UNKNOWN else [])
    return found


def _rows(
    question: str, *, buyer: Buyer, as_of: datetime, counties_in: Sequence[Place], **parameters: Any
) -> list[Any]:
    states = {place.state for place in counties_in}
    whole = {place.state for place in counties_in if place.county is None}
    counties = {place.county for place in counties_in if place.county is not None}
    cells = [(row, bucket) for row, bucket in product(Classification, AgeBucket) if bucket.next]
    parameters |= {
        "as_of": as_of,
        "client": buyer.client_id,
        "licensed": sorted(buyer.licensed_states) or None,
        "counties_of": list(STATES if None in states else states) or None,
        "counties": list(counties) or None,
        "whole_states": list(STATES if None in whole else whole) or None,
        "cell_classes": [str(row) for row, _ in cells],
        "cell_buckets": [str(bucket) for _, bucket in cells],
        "cell_ends": [as_of + bucket.length * DAY for _, bucket in cells],  # for windows that begin now
    }
    with reading_connection().cursor() as cursor:
        cursor.execute(question, parameters)
        rows: list[Any] = cursor.fetchall()
    return rows
