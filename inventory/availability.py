"""What is there to buy: exact counts, and the pages of the list behind them. Reads only.

What a buyer may not be sold is not available to it: see inventory/buyer.py.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, Q

from homeshield.lib.keyset import Page, keyset_page
from inventory.buyer import Buyer
from inventory.criteria import Criteria
from inventory.models import InventoryQuerySet, InventoryRecord
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
    """Exact counts for the criteria and for each choice that would change one of them."""
    sellable = InventoryRecord.objects.sellable(as_of).licensed_to(buyer)
    anywhere = sellable.matching(criteria.without_place())
    in_state = anywhere.filter(state=criteria.state) if criteria.state else None
    any_cell = sellable.matching(Criteria(state=criteria.state, county=criteria.county))

    def facets(rows: InventoryQuerySet | None, column: str) -> list[Facet]:
        if rows is None:
            return []
        left = _tally(rows, column)
        left.subtract(_tally(rows.owned_by(buyer.client_id), column))
        return [Facet(value[0], count) for value, count in sorted(left.items()) if count > 0]

    def cells(rows: InventoryQuerySet) -> Counter[tuple[str, ...]]:
        return _tally(rows, "classification", "age_bucket")

    there, owned = cells(any_cell), cells(any_cell.owned_by(buyer.client_id))
    asked = [
        (classification, bucket)
        for classification in Classification
        for bucket in AgeBucket
        if criteria.classification in (None, classification) and criteria.age_bucket in (None, bucket)
    ]
    return Availability(
        total=sum(there[cell] - owned[cell] for cell in asked),
        owned=sum(owned[cell] for cell in asked),
        states=facets(anywhere, "state"),
        counties=facets(in_state.filter(county__isnull=False) if in_state is not None else None, "county"),
        cells={
            (classification, bucket): there[classification, bucket] - owned[classification, bucket]
            for classification in Classification
            for bucket in AgeBucket
        },
    )


def _tally(rows: InventoryQuerySet, *columns: str) -> Counter[tuple[str, ...]]:
    """How many rows there are of each combination of values."""
    counted: Iterable[tuple[str, ...]] = rows.order_by().values_list(*columns).annotate(count=Count("*"))
    return Counter({tuple(row[:-1]): int(row[-1]) for row in counted})


def available_count(*, criteria: Criteria, buyer: Buyer, as_of: datetime) -> int:
    """How many records under the criteria the buyer can have at this instant."""
    rows = InventoryRecord.objects.sellable(as_of).licensed_to(buyer).matching(criteria)
    return rows.count() - rows.owned_by(buyer.client_id).count()


def available_counts(*, criteria: Collection[Criteria], buyer: Buyer, as_of: datetime) -> dict[Criteria, int]:
    """How many records the buyer can have under each of the criteria: one statement, so one state of the stock."""
    asked = list(dict.fromkeys(criteria))
    conditions = [Q(**one.as_filter()) for one in asked]
    counts = (
        InventoryRecord.objects.sellable(as_of)
        .filter(reduce(or_, conditions, Q()))
        .counted_for(buyer)
        .aggregate(**{f"n{place}": Count("id", filter=condition) for place, condition in enumerate(conditions)})
    )
    return {one: counts[f"n{place}"] for place, one in enumerate(asked)}


def records_page(
    *, criteria: Criteria, buyer: Buyer, as_of: datetime, cursor: str | None, limit: int = 50
) -> Page[InventoryRecord]:
    """One page of what can be bought, in the order of sale, with no more of each lead than may be shown before
    purchase: first name and city. Raises BadCursor."""
    rows = (
        InventoryRecord.objects.sellable(as_of)
        .matching(criteria)
        .open_to(buyer)
        .select_related("lead")
        .only(
            "age_bucket", "classification", "state", "county", "expires_at_utc",
            "lead__first_name", "lead__city",
        )
    )  # fmt: skip
    return keyset_page(rows, by="expires_at_utc", cursor=cursor, limit=limit)


def locations(*, buyer: Buyer, as_of: datetime) -> dict[str, list[str]]:
    """The states in which the buyer can buy something at this instant, each with its counties; all sorted. A lead
    whose county is not known is of its state alone."""
    sellable = InventoryRecord.objects.sellable(as_of).licensed_to(buyer)
    there = _tally(sellable, "state", "county")
    there.subtract(_tally(sellable.owned_by(buyer.client_id), "state", "county"))
    found: dict[str, list[str]] = {}
    for (state, county), count in sorted(there.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        if count > 0:
            found.setdefault(state, []).extend([county] if county else [])
    return found
