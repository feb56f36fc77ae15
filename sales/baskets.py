"""What an order may be for: criteria, a draft, or records by id. Each is opened within the purchase's transaction."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import override
from uuid import UUID

from homeshield.accounts.models import User
from homeshield.lib.patience import Patience
from inventory.criteria import MAX_QUANTITY, Criteria, Demand
from inventory.models import InventoryRecord
from inventory.place import Place
from inventory.services import (
    Filled,
    NamedGroup,
    Shortfall,
    inventory_allocate,
    inventory_allocate_named,
    named_groups,
)
from leads.geography import match_county
from pricing.quotes import quoted_prices
from pricing.selectors import Prices
from sales.drafts import draft_take
from sales.errors import (
    AlreadyOwned,
    DraftBought,
    EmptyOrder,
    IdempotencyKeyReused,
    QuantityOutOfRange,
    QuoteUsed,
)
from sales.models import Order, OrderLine
from sales.terms import Terms


class Basket(ABC):
    """Something to buy. `open` and `fill` are called once per attempt, in this order, in one transaction."""

    reused: type[IdempotencyKeyReused | DraftBought] = IdempotencyKeyReused
    """The refusal where the key came with another request before."""

    quote_id: UUID | None = None
    """The quote whose prices the order pays."""

    @abstractmethod
    def digest(self) -> str:
        """A fingerprint of the request, to tell a repeat from another request under the same key."""

    @abstractmethod
    def open(self, *, client_id: UUID, terms: Terms) -> list[OrderLine]:
        """The lines of the order at their prices in USD, not saved. Raises DomainErrors of its kind."""

    @abstractmethod
    def fill(self, *, terms: Terms, wait: Patience | None) -> list[Filled]:
        """The records for the lines, locked. Raises inventory.services.Shortfall."""

    @abstractmethod
    def demands(self) -> list[Demand]:
        """What the lines ask for, to look for alternatives."""

    def require_unused_quote(self, *, client_id: UUID) -> None:
        """Raises QuoteUsed where an order of the client has the basket's quote already (contract, "Quote")."""
        if self.quote_id is None:
            return
        if used := Order.objects.filter(client_id=client_id, quote_id=self.quote_id).first():
            raise QuoteUsed(order_id=used.id)


class CriteriaBasket(Basket):
    """Quantities under criteria (the usual way to buy)."""

    def __init__(self, demands: Sequence[Demand]) -> None:
        self._demands = list(demands)

    @override
    def digest(self) -> str:
        return _digest(*([str(_as_matched(demand.criteria)), demand.quantity] for demand in self._demands))

    @override
    def demands(self) -> list[Demand]:
        return self._demands

    @override
    def open(self, *, client_id: UUID, terms: Terms) -> list[OrderLine]:
        return _lines([(demand.criteria, demand.quantity) for demand in self._demands], terms.prices)

    @override
    def fill(self, *, terms: Terms, wait: Patience | None) -> list[Filled]:
        return inventory_allocate(demands=self._demands, buyer=terms.buyer, as_of=terms.as_of, wait=wait)


class DraftBasket(CriteriaBasket):
    """A user's draft as a page showed it: opening it claims it, so that it is bought at most once.

    What a page showed is its version and its total in USD. A page that showed another of either did not send the order
    that was placed, although the draft is the same.
    """

    reused = DraftBought

    def __init__(self, *, user: User, draft_id: UUID, version: int, total: Decimal) -> None:
        super().__init__([])
        self._user, self._draft_id, self._version, self._total = user, draft_id, version, total

    @override
    def digest(self) -> str:
        return _digest("draft", str(self._draft_id), self._version, str(self._total.normalize()))

    @override
    def open(self, *, client_id: UUID, terms: Terms) -> list[OrderLine]:
        self._demands = draft_take(user=self._user, draft_id=self._draft_id, version=self._version)
        return super().open(client_id=client_id, terms=terms)


@dataclass
class NamedBasket(Basket):
    """Records by id, at the prices of a quote where one is named. An id given twice counts once."""

    ids: Sequence[UUID]
    quote_id: UUID | None = None

    def __post_init__(self) -> None:
        self.ids = list(dict.fromkeys(self.ids))
        self._groups: list[NamedGroup] = []

    @override
    def digest(self) -> str:
        return _digest("ids", sorted(map(str, self.ids)), str(self.quote_id))

    @override
    def demands(self) -> list[Demand]:
        return [group.demand for group in self._groups]

    @override
    def open(self, *, client_id: UUID, terms: Terms) -> list[OrderLine]:
        if len(self.ids) > MAX_QUANTITY:
            raise QuantityOutOfRange(quantity=len(self.ids))
        self._groups = named_groups(self.ids)
        prices = terms.prices
        if self.quote_id is not None:
            self.require_unused_quote(client_id=client_id)
            prices = quoted_prices(
                quote_id=self.quote_id, client_id=client_id, inventory_ids=self.ids, as_of=terms.as_of
            )
        return _lines([(group.criteria, len(group.ids)) for group in self._groups], prices)

    @override
    def fill(self, *, terms: Terms, wait: Patience | None) -> list[Filled]:
        """Raises AlreadyOwned too. That is asked last: another order of the client may have bought the records while
        this one waited for them."""
        try:
            filled = inventory_allocate_named(groups=self._groups, buyer=terms.buyer, as_of=terms.as_of, wait=wait)
        except Shortfall:
            self._require_none_owned(terms)
            raise
        if any(group.replaced for group in filled):
            self._require_none_owned(terms)
        return filled

    def _require_none_owned(self, terms: Terms) -> None:
        named = InventoryRecord.objects.filter(id__in=self.ids).owned_by(terms.buyer)
        owned = set(named.values_list("id", flat=True))
        if owned:
            raise AlreadyOwned(inventory_ids=[key for key in self.ids if key in owned])


def _as_matched(criteria: Criteria) -> Criteria:
    """With the county in the Census's spelling: which of its spellings are in stock may change between a request and
    its repeat."""
    state, county = criteria.place.levels
    if state is None or county is None:
        return criteria
    return criteria.at(Place(state, match_county(state, county) or county))


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _lines(asked: Sequence[tuple[Criteria, int]], prices: Prices) -> list[OrderLine]:
    """Numbered lines in the buyer's order. Raises EmptyOrder, NoPrice."""
    if not asked:
        raise EmptyOrder
    return [_line(number, criteria, quantity, prices) for number, (criteria, quantity) in enumerate(asked, 1)]


def _line(number: int, criteria: Criteria, quantity: int, prices: Prices) -> OrderLine:
    unit_price = prices.of(criteria)
    return OrderLine(
        number=number,
        classification=str(criteria.classification),
        age_bucket=str(criteria.age_bucket),
        **criteria.place.known.as_filter(),
        quantity=quantity,
        unit_price=unit_price,
        amount=unit_price * quantity,
    )
