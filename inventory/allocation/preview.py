"""What each place of a territory would give, before anybody buys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.allocation.matching import Matching
from inventory.allocation.sharing import planned, queue_of
from inventory.buyer import Buyer
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place


@dataclass(frozen=True, slots=True)
class PlaceShare:
    """`quantity` is what the place would give of the `available` that it has; None where no quantity is asked."""

    place: Place
    available: int
    quantity: int | None


def territory_shares(
    *, demand: Demand, counts: Mapping[Criteria, int], buyer: Buyer, as_of: datetime
) -> list[PlaceShare]:
    """As the line would be shared if it were bought now, other lines aside; together less where the stock is short.

    `counts` are those of its parts.
    """
    parts = demand.criteria.parts
    matching = Matching(parts, counts.__getitem__)
    queue = queue_of(demand, buyer=buyer, as_of=as_of)
    matching.give(0, parts, demand.quantity, planned(demand, matching, queue))
    given = matching.given(0)
    return [PlaceShare(part.place, counts[part], given[part]) for part in parts]
