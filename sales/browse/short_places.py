"""Where the cart is short of leads, for the map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from inventory.allocation.alternatives import explained_all, shortages
from inventory.allocation.territories import places_of
from inventory.buyer import Buyer
from inventory.counting.reading import available_counts
from inventory.errors import Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from pricing.discounts.prices import PriceBook


@dataclass(frozen=True)
class ShortPlaces:
    """What the cart's lines lack, and by what they could be filled."""

    shortages: Sequence[Shortage] = ()

    def is_short(self, place: Place) -> bool:
        """Whether a short line asks for leads of it, or of a place in it."""
        return any(place.contains(part) for parts in self._places for part in parts)

    def missing(self, place: Place) -> int:
        """How many leads are missing there. A territory that goes beyond the place does not say how many of them."""
        return sum(
            short.line.quantity - short.available
            for short, parts in zip(self.shortages, self._places, strict=True)
            if all(place.contains(part) for part in parts)
        )

    def fills(self, place: Place) -> bool:
        """Whether it can fill a short line of a county that it borders."""
        return any(
            offer.kind == Suggestion.ADJACENT_COUNTY and offer.criteria.place == place
            for short in self.shortages
            for offer in short.alternatives
        )

    @cached_property
    def _places(self) -> list[list[Place]]:
        return [[part.place for part in short.line.criteria.parts] for short in self.shortages]


NOT_SHORT = ShortPlaces()


def short_places(
    lines: Iterable[tuple[Criteria, int]], *, book: PriceBook, buyer: Buyer, as_of: datetime
) -> ShortPlaces:
    """Two statements where lines are short, one where none is, whatever the number of lines. What is not for sale is
    not short.
    """
    demands = [Demand(criteria=criteria, quantity=quantity) for criteria, quantity in lines]
    if not demands:
        return NOT_SHORT
    counts = available_counts(criteria=places_of(demands), buyer=buyer, as_of=as_of)
    short = [
        shortage
        for shortage in shortages(demands, counts, buyer=buyer, as_of=as_of)
        if book.general.find(shortage.line.criteria) is not None
    ]
    return ShortPlaces(explained_all(short, book.amounts_of))
