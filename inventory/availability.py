"""What is there to buy: exact counts, and the pages of the list behind them. Reads only.

What a buyer may not be sold is not available to it: see inventory/buyer.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from homeshield.lib.keyset import Page, found_page
from inventory.buyer import Buyer
from inventory.counts import counts_of, counts_of_places, facet_counts
from inventory.criteria import Criteria
from inventory.listing import ListedRecord, records_in_order
from leads.age import AgeBucket
from leads.classification import Classification

type Cell = tuple[Classification, AgeBucket]
"""What has one price."""


@dataclass(frozen=True, slots=True)
class Facet:
    """A value that a filter offers, and how many records it would leave under the other filters."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What a buyer finds under its criteria at one instant.

    `total` can be bought; `owned` would match too, but the buyer has those leads already. `states` and
    `counties` (of the state in the criteria) answer under the class and bucket asked for, `cells` under the place.
    """

    total: int
    owned: int
    states: list[Facet]
    counties: list[Facet]
    cells: dict[Cell, int]


def availability(*, criteria: Criteria, buyer: Buyer, as_of: datetime) -> Availability:
    """Exact counts for the criteria and for each choice that would change one of them, in one statement."""
    found = facet_counts(criteria=criteria, buyer=buyer, as_of=as_of)
    asked = [
        count
        for (classification, bucket), count in found.cells.items()
        if criteria.classification in (None, classification) and criteria.age_bucket in (None, bucket)
    ]
    return Availability(
        total=sum(count.available for count in asked),
        owned=sum(count.owned for count in asked),
        states=[Facet(*state) for state in found.states.items()],
        counties=[Facet(*county) for county in found.counties.items()],
        cells={cell: count.available for cell, count in found.cells.items()},
    )


def available_count(*, criteria: Criteria, buyer: Buyer, as_of: datetime) -> int:
    """How many records under the criteria the buyer can have at this instant."""
    (count,) = counts_of(criteria=[criteria], buyer=buyer, as_of=as_of)
    return count


def available_counts(*, criteria: Collection[Criteria], buyer: Buyer, as_of: datetime) -> dict[Criteria, int]:
    """How many records the buyer can have under each of the criteria: one statement, so one state of the stock."""
    asked = list(dict.fromkeys(criteria))
    return dict(zip(asked, counts_of(criteria=asked, buyer=buyer, as_of=as_of), strict=True))


def records_page(
    *, criteria: Criteria, buyer: Buyer, as_of: datetime, cursor: str | None, limit: int = 50
) -> Page[ListedRecord]:
    """One page of what can be bought, in the order of sale. Raises BadCursor."""
    find = partial(records_in_order, criteria, buyer, as_of)
    of = list_of_records(criteria=criteria, buyer=buyer)
    return found_page(find, by="expires_at_utc", of=of, cursor=cursor, limit=limit)


def list_of_records(*, criteria: Criteria, buyer: Buyer) -> str:
    """The name of a list, by which its cursors are good for it alone: whose it is, and under which filter."""
    return f"inventory of {buyer.client_id}: {criteria.as_filter()}"


def locations(*, buyer: Buyer, as_of: datetime) -> dict[str, list[str]]:
    """The states in which the buyer can buy something at this instant, each with its counties; all sorted. A lead
    whose county is not known is of its state alone."""
    found: dict[str, list[str]] = {}
    for state, county in counts_of_places(buyer=buyer, as_of=as_of):
        found.setdefault(state, []).extend([county] if county else [])
    return found
