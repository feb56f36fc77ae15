"""What saved searches find now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from homeshield.accounts.models import User
from inventory.buyer import Buyer
from inventory.counting.reading import available_counts
from pricing.selectors import price_book
from sales.saved.models import SavedSearch


@dataclass(frozen=True, slots=True)
class Found:
    """`count` is exact, `price` the lowest of one lead (USD); None: nothing of it has a price."""

    search: SavedSearch
    count: int
    price: Decimal | None

    @property
    def change(self) -> int:
        """How many more there are than when the search was opened last; negative: fewer. What was sold or left its age
        since is taken from what came."""
        return self.count - self.search.opened_count

    @property
    def fewer(self) -> int:
        return max(0, -self.change)


def searches_of(user: User) -> list[SavedSearch]:
    """Those that the user saved for the company it belongs to now, by name."""
    assert user.client_id is not None
    return list(SavedSearch.objects.filter(user_id=user.id, client_id=user.client_id).order_by("name"))


def searches_found(*, searches: Sequence[SavedSearch], buyer: Buyer, as_of: datetime) -> list[Found]:
    """Two statements for all of them."""
    if not searches:
        return []
    counts = available_counts(
        criteria=[each for search in searches for each in search.criteria], buyer=buyer, as_of=as_of
    )
    prices = price_book(client_id=buyer.client_id, as_of=as_of).for_order(1)
    return [
        Found(
            search,
            sum(counts[each] for each in search.criteria),
            min((prices[cell].unit_price for cell in search.criteria[0].cells if cell in prices), default=None),
        )
        for search in searches
    ]
