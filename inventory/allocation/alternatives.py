"""What else would fill a short line (contract, "Purchase").

Places are nested, so lines of one class and bucket can be filled together if and only if no place is asked for more
than it holds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from inventory.counting.reading import available_counts
from inventory.errors import Alternative, Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand, allocation_order
from inventory.facts.place import EVERYWHERE, Place
from leads.age import AgeBucket
from leads.classification import Classification
from leads.neighbours import neighbours


def fillable(criteria: Criteria, *, beside: Sequence[Demand], supply: Callable[[Criteria], int]) -> int:
    """The most records that a line can have while the lines `beside` it are filled."""
    most = supply(criteria)
    for place in criteria.widened():
        wanted = sum(other.quantity for other in beside if place.contains(other.criteria))
        if wanted:
            most = min(most, supply(place) - wanted)
    return max(0, most)


type PriceOf = Callable[[Criteria, int], tuple[Decimal, Decimal] | None]
"""What one lead costs in an order of so many, and what it was before discounts, in USD. None: not for sale."""


def explained(shortage: Shortage, price_of: PriceOf) -> Shortage:
    """Adds alternatives, counted by one statement, at the prices of the order that each would make.

    Each can be bought beside all other demands that can be filled.
    """
    demands, index, short = shortage.demands, shortage.index, shortage.line
    others = [other for place, other in enumerate(demands) if place != index]
    kinds = _kinds(short)
    counts = available_counts(
        criteria=_needed([criteria for _, criteria in kinds] + [demand.criteria for demand in demands], others),
        buyer=shortage.buyer,
        as_of=shortage.as_of,
    )
    supply = counts.__getitem__
    before, beside = _filled_with(demands, index, supply)
    offers = []
    for kind, criteria in kinds:
        there = fillable(criteria, beside=beside, supply=supply)
        quantity = min(short.quantity, there) if kind in _IN_PART else short.quantity
        if there >= quantity > 0 and (price := price_of(criteria, quantity + sum(one.quantity for one in others))):
            unit, listed = price
            offers.append(
                Alternative(
                    kind=kind,
                    criteria=criteria,
                    quantity=quantity,
                    available=there,
                    unit_price=unit,
                    list_price=listed,
                )
            )
    available = fillable(short.criteria, beside=before, supply=supply)
    return replace(shortage, available=available, alternatives=_worth_offering(short, offers))


_IN_PART = frozenset({Suggestion.PARTIAL, Suggestion.NO_LOCATION_FILTER})
"""Offered even if it does not fill the whole line."""


def _worth_offering(short: Demand, offers: list[Alternative]) -> list[Alternative]:
    here = max((offer.quantity for offer in offers if offer.kind == Suggestion.PARTIAL), default=0)
    return [
        offer
        for offer in offers
        if not (offer.kind == Suggestion.PARTIAL and offer.quantity >= short.quantity)
        and not (offer.kind == Suggestion.NO_LOCATION_FILTER and offer.quantity <= here)
    ]


def _filled_with(
    demands: Sequence[Demand], index: int, supply: Callable[[Criteria], int]
) -> tuple[list[Demand], list[Demand]]:
    """The other demands that can be filled: those before the one at `index`, and all."""
    before: list[Demand] = []
    filled: list[Demand] = []
    for place in allocation_order(demands):
        if place == index:
            before = list(filled)
        elif fillable(demands[place].criteria, beside=filled, supply=supply) >= demands[place].quantity:
            filled.append(demands[place])
    return before, filled


def _needed(criteria: Sequence[Criteria], others: Sequence[Demand]) -> set[Criteria]:
    """What `fillable` will ask the supply of."""
    return {
        place
        for one in criteria
        for place in one.widened()
        if place == one or any(place.contains(other.criteria) for other in others)
    }


def _kinds(short: Demand) -> list[tuple[Suggestion, Criteria]]:
    """In the order of offer. The state stands in for an unknown county, which no buyer can ask for."""
    asked = short.criteria.at(short.criteria.place.known)
    kinds = [(Suggestion.PARTIAL if asked == short.criteria else Suggestion.NO_LOCATION_FILTER, asked)]
    if asked.place != EVERYWHERE:
        kinds.append((Suggestion.NO_LOCATION_FILTER, asked.at(EVERYWHERE)))
    return kinds + list(_others(asked))


def _others(criteria: Criteria) -> Iterator[tuple[Suggestion, Criteria]]:
    for bucket in _nearest_first(criteria.age_bucket):
        yield Suggestion.DIFFERENT_AGE_BUCKET, replace(criteria, age_bucket=bucket)
    state, county = criteria.place.state, criteria.place.county
    if state is not None and county is not None:
        yield Suggestion.WHOLE_STATE, criteria.at(Place(state))
        for neighbour in neighbours(state, county):
            yield Suggestion.ADJACENT_COUNTY, criteria.at(Place(*neighbour))
    for classification in Classification:
        if classification != criteria.classification:
            yield Suggestion.DIFFERENT_CLASSIFICATION, replace(criteria, classification=classification)


def _nearest_first(bucket: AgeBucket | None) -> list[AgeBucket]:
    """Of two equally near, the older, cheaper one comes first."""
    buckets = list(AgeBucket)
    here = buckets.index(bucket or buckets[0])
    others = [other for other in buckets if other != bucket]
    return sorted(others, key=lambda other: (abs(buckets.index(other) - here), -buckets.index(other)))
