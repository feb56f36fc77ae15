"""Lines over territories become lines for single places, which are filled like any other."""

from collections.abc import Sequence
from datetime import datetime

from inventory.allocation.matching import Matching
from inventory.allocation.sharing import planned, queue_of
from inventory.buyer import Buyer
from inventory.counting.reading import available_counts
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria, Demand, allocation_order


class Territories:
    """Splits an order's lines by what is known of the stock: first by counts, then also by what locking has shown."""

    def __init__(self, demands: Sequence[Demand], *, buyer: Buyer, as_of: datetime) -> None:
        self._demands, self._buyer, self._as_of = demands, buyer, as_of
        self._supply = available_counts(criteria=places_of(demands), buyer=buyer, as_of=as_of)
        self._queues = [queue_of(demand, buyer=buyer, as_of=as_of) for demand in demands]

    def split(self) -> list[tuple[int, Demand]]:
        """The lines that are to be filled, each with the index of the demand that it is, or is a part of.

        Each territory's leads are shared as it says, and what a place lacks is made good from its others. Raises
        Shortage if by what is known no assignment exists.
        """
        matching = Matching(self._supply, self._supply.__getitem__)
        for index in allocation_order(self._demands):
            demand = self._demands[index]
            first = planned(demand, matching, self._queues[index]) if demand.criteria.territory else None
            given = matching.give(index, demand.criteria.parts, demand.quantity, first)
            if given < demand.quantity:
                raise self.shortage(index, given)
        shares = {index: matching.given(index) for index in range(len(self._demands))}
        return [
            (index, Demand(criteria=part, quantity=shares[index][part], named=demand.named))
            for index, demand in enumerate(self._demands)
            for part in demand.criteria.parts
            if shares[index][part]
        ]

    def learn(self, place: Criteria, there: int) -> None:
        """Another order has, or holds, some of the place's records: it has so many."""
        self._supply[place] = min(self._supply[place], there)

    def shortage(self, index: int, available: int) -> Shortage:
        return Shortage(demands=self._demands, index=index, available=available, buyer=self._buyer, as_of=self._as_of)


def places_of(demands: Sequence[Demand]) -> dict[Criteria, None]:
    """The places that lines ask for, each once."""
    return dict.fromkeys(part for demand in demands for part in demand.criteria.parts)
