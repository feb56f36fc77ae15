"""What else would fill a line that is short, in the contract's order and then ours (contract, "Purchase").

Each alternative can be bought as it stands, beside the other lines of the order. The counting behind that: the
places of one class and bucket lie within one another (county, state, everywhere), so lines can be filled together
if and only if no place is asked for more than it holds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db.models import TextChoices

from inventory.availability import available_count
from inventory.criteria import Criteria, Demand
from leads.age import AgeBucket
from leads.classification import Classification
from leads.neighbours import neighbours


class Suggestion(TextChoices):
    """The kinds of alternative, in the order in which they are offered."""

    PARTIAL = "partial", "Take what is there"
    NO_LOCATION_FILTER = "no_location_filter", "Look in all states"
    DIFFERENT_AGE_BUCKET = "different_age_bucket", "Another age"
    ADJACENT_COUNTY = "adjacent_county", "A neighbouring county"
    DIFFERENT_CLASSIFICATION = "different_classification", "The other class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Other criteria or another quantity for one line; `available` is how many its criteria could give it."""

    kind: Suggestion
    criteria: Criteria
    quantity: int
    available: int


def fillable(criteria: Criteria, *, beside: Sequence[Demand], supply: Callable[[Criteria], int]) -> int:
    """The most records that a line of these criteria can have while the lines `beside` it are filled in full."""
    return max(
        0,
        min(
            supply(place) - sum(other.quantity for other in beside if place.contains(other.criteria))
            for place in criteria.places_around()
        ),
    )


def alternatives(
    *, short: Demand, beside: Sequence[Demand], client_id: UUID | None, as_of: datetime
) -> list[Alternative]:
    """What the client could buy in place of the `short` line, exactly as counted at `as_of`."""

    @cache
    def supply(criteria: Criteria) -> int:
        return available_count(criteria=criteria, client_id=client_id, as_of=as_of)

    def offers() -> Iterator[Alternative]:
        here = fillable(short.criteria, beside=beside, supply=supply)
        if 0 < here < short.quantity:
            yield Alternative(kind=Suggestion.PARTIAL, criteria=short.criteria, quantity=here, available=here)
        if short.criteria.state is not None:
            anywhere = short.criteria.without_place()
            there = fillable(anywhere, beside=beside, supply=supply)
            if there > here:
                yield Alternative(
                    kind=Suggestion.NO_LOCATION_FILTER,
                    criteria=anywhere,
                    quantity=min(short.quantity, there),
                    available=there,
                )
        for kind, other in _others(short.criteria):
            there = fillable(other, beside=beside, supply=supply)
            if there >= short.quantity:
                yield Alternative(kind=kind, criteria=other, quantity=short.quantity, available=there)

    return list(offers())


def _others(criteria: Criteria) -> Iterator[tuple[Suggestion, Criteria]]:
    """Criteria that differ in one thing; each is offered only where it can fill the line."""
    for bucket in _nearest_first(criteria.age_bucket):
        yield Suggestion.DIFFERENT_AGE_BUCKET, replace(criteria, age_bucket=bucket)
    if criteria.state is not None and criteria.county is not None:
        for state, county in neighbours(criteria.state, criteria.county):
            yield Suggestion.ADJACENT_COUNTY, replace(criteria, state=state, county=county)
    for classification in Classification:
        if classification != criteria.classification:
            yield Suggestion.DIFFERENT_CLASSIFICATION, replace(criteria, classification=classification)


def _nearest_first(bucket: AgeBucket | None) -> list[AgeBucket]:
    """The other buckets by distance; of two at the same distance the older one, which costs less, comes first."""
    buckets = list(AgeBucket)
    here = buckets.index(bucket or buckets[0])
    others = [other for other in buckets if other != bucket]
    return sorted(others, key=lambda other: (abs(buckets.index(other) - here), -buckets.index(other)))
