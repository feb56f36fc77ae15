"""What else would fill a short line (contract, "Purchase")."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from inventory.allocation.matching import ANY_NUMBER, Matching
from inventory.buyer import Buyer
from inventory.counting.reading import available_counts
from inventory.errors import Alternative, Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand, allocation_order
from inventory.facts.place import EVERYWHERE, Place
from inventory.facts.territory import Territory
from leads.age import AgeBucket
from leads.classification import Classification
from leads.neighbours import neighbours

type Counts = Mapping[Criteria, int]
"""How many records there are of each place."""

type PriceOf = Callable[[Criteria, int], tuple[Decimal, Decimal] | None]
"""What one lead costs in an order of so many, and what it was before discounts, in USD. None: not for sale."""


def shortages(demands: Sequence[Demand], counts: Counts, *, buyer: Buyer, as_of: datetime) -> list[Shortage]:
    """The demands that an order of all of them could not fill. `counts` are of all their places."""
    filled = Matching(counts, counts.__getitem__)
    short = []
    for index in allocation_order(demands):
        also = filled.copy()
        there = also.give(index, demands[index].criteria.parts, demands[index].quantity)
        if there == demands[index].quantity:
            filled = also
        else:
            short.append(Shortage(demands=demands, index=index, available=there, buyer=buyer, as_of=as_of))
    return short


def quantities_there(demands: Sequence[Demand], counts: Counts) -> list[int]:
    """What all demands together can have, if each takes what those before it in the order of allocation leave."""
    matching = Matching(counts, counts.__getitem__)
    for index in allocation_order(demands):
        matching.give(index, demands[index].criteria.parts, demands[index].quantity)
    return [matching.given(index).total() for index in range(len(demands))]


def explained(shortage: Shortage, price_of: PriceOf) -> Shortage:
    """Adds alternatives, counted by one statement, at the prices of the order that each would make.

    Each can be bought beside all other demands that can be filled.
    """
    return explained_all([shortage], price_of)[0]


def explained_all(found: Sequence[Shortage], price_of: PriceOf) -> list[Shortage]:
    """The same for several shortages of one order, counted by one statement."""
    if not found:
        return []
    demands = found[0].demands
    asked = [demand.criteria for demand in demands]
    asked += [criteria for shortage in found for _, criteria in _kinds(shortage.line)]
    counts = available_counts(
        criteria={part for criteria in asked for part in criteria.parts}, buyer=found[0].buyer, as_of=found[0].as_of
    )
    matching = Matching(counts, counts.__getitem__)
    short, filled = _filled(demands, matching)
    explained = []
    for one in found:
        before, beside = short.get(one.index), filled
        if before is None:  # there is enough by now
            others_short, beside = _filled(demands, matching, without=one.index)
            before = others_short[one.index]
        explained.append(_explained(one, price_of, before=before, beside=beside))
    return explained


def _explained(shortage: Shortage, price_of: PriceOf, *, before: Matching, beside: Matching) -> Shortage:
    """`before` holds the lines before it that are filled, `beside` all others that are."""
    short = shortage.line
    others = sum(demand.quantity for demand in shortage.demands) - short.quantity
    kinds = _kinds(short)
    offers = []
    for kind, criteria in kinds:
        there = fillable(criteria, beside=beside)
        quantity = min(short.quantity, there) if kind in _IN_PART else short.quantity
        if there >= quantity > 0 and (price := price_of(criteria, quantity + others)):
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
    available = fillable(short.criteria, beside=before)
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


def fillable(criteria: Criteria, *, beside: Matching) -> int:
    """The most records that a line can have while the lines in the matching are filled."""
    return beside.copy().give(_ANOTHER, criteria.parts, ANY_NUMBER)


_ANOTHER = -1
"""The number of a line that is not in the order."""


def _filled(
    demands: Sequence[Demand], matching: Matching, *, without: int | None = None
) -> tuple[dict[int, Matching], Matching]:
    """Fills each demand that can be filled beside those before it, in the order of allocation, except `without`.

    Returns what was filled before each of the others, and all that is.
    """
    before = {}
    for line in allocation_order(demands):
        also = matching.copy()
        quantity = demands[line].quantity
        if line != without and also.give(line, demands[line].criteria.parts, quantity) == quantity:
            matching = also
        else:
            before[line] = matching
    return before, matching


def _kinds(short: Demand) -> list[tuple[Suggestion, Criteria]]:
    """In the order of offer. The state stands in for an unknown county, which no buyer can ask for."""
    asked = short.criteria
    if not asked.territory:
        asked = asked.at(asked.place.known)
    kinds = [(Suggestion.PARTIAL if asked == short.criteria else Suggestion.NO_LOCATION_FILTER, asked)]
    if asked.territory or asked.place != EVERYWHERE:
        kinds.append((Suggestion.NO_LOCATION_FILTER, asked.at(EVERYWHERE)))
    return kinds + list(_others(asked))


def _others(criteria: Criteria) -> Iterator[tuple[Suggestion, Criteria]]:
    for bucket in _nearest_first(criteria.age_bucket):
        yield Suggestion.DIFFERENT_AGE_BUCKET, replace(criteria, age_bucket=bucket)
    if criteria.territory:
        yield from _whole_states(criteria, criteria.territory)
    state, county = criteria.place.state, criteria.place.county
    if state is not None and county is not None:
        yield Suggestion.WHOLE_STATE, criteria.at(Place(state))
        for neighbour in neighbours(state, county):
            yield Suggestion.ADJACENT_COUNTY, criteria.at(Place(*neighbour))
    for classification in Classification:
        if classification != criteria.classification:
            yield Suggestion.DIFFERENT_CLASSIFICATION, replace(criteria, classification=classification)


def _whole_states(criteria: Criteria, territory: Territory) -> Iterator[tuple[Suggestion, Criteria]]:
    """The states that the territory lies in, where they are more than it."""
    states = tuple(map(Place, territory.states))
    if states != territory.places:
        whole = replace(criteria, territory=Territory(states, territory.share))
        yield Suggestion.WHOLE_STATE, whole if len(states) > 1 else criteria.at(*states)


def _nearest_first(bucket: AgeBucket | None) -> list[AgeBucket]:
    """Of two equally near, the older, cheaper one comes first."""
    buckets = list(AgeBucket)
    here = buckets.index(bucket or buckets[0])
    others = [other for other in buckets if other != bucket]
    return sorted(others, key=lambda other: (abs(buckets.index(other) - here), -buckets.index(other)))
