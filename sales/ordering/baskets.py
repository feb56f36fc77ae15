"""What an order is for. Baskets open into lines within the order's transaction."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from inventory.allocation.services import named_demands
from inventory.facts.criteria import MAX_QUANTITY, Criteria, Demand
from inventory.facts.place import Place
from leads.geography import match_county
from pricing.discounts.prices import Price, Prices
from pricing.quotes import quoted_prices
from sales.cart.services import draft_take
from sales.errors import EmptyOrder, LinePricesChanged, PricesChanged, QuantityOutOfRange
from sales.ordering.terms import Terms


@dataclass(frozen=True, slots=True)
class PricedLine:
    demand: Demand
    price: Price

    @property
    def amount(self) -> Decimal:
        """USD."""
        return self.price.unit_price * self.demand.quantity


@dataclass(frozen=True, slots=True)
class CriteriaBasket:
    """Quantities by criteria: the usual purchase. `code` is a discount's."""

    demands: Sequence[Demand]
    code: str = ""

    def open(self, terms: Terms) -> list[PricedLine]:
        """Raises EmptyOrder, NoPrice."""
        return _lines(self.demands, _prices(self.demands, terms))

    @property
    def digest(self) -> str:
        lines = ([str(_as_matched(demand.criteria)), demand.quantity] for demand in self.demands)
        return _digest(*lines, *_with(self.code))


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftBasket:
    """A draft as the page showed it, with its total in USD and the code that made it. `shown_prices` are what the page
    showed for one lead of each line: two changes of price may leave the total as it was.
    """

    user_id: UUID
    draft_id: UUID
    version: int
    total: Decimal
    code: str = ""
    shown_prices: Mapping[UUID, Decimal] = field(default_factory=dict)

    def open(self, terms: Terms) -> list[PricedLine]:
        """Deletes the draft, so that it is bought once.

        Raises DraftNotFound, DraftChanged, EmptyOrder, NoPrice, PricesChanged, LinePricesChanged.
        """
        demands = draft_take(user_id=self.user_id, draft_id=self.draft_id, version=self.version)
        lines = _lines([*demands.values()], _prices([*demands.values()], terms))
        now = {line_id: line.price.unit_price for line_id, line in zip(demands, lines, strict=True)}
        if (total := total_of(lines)) != self.total:
            raise PricesChanged(expected=self.total, actual=total)
        if any(now.get(line_id) != price for line_id, price in self.shown_prices.items()):
            raise LinePricesChanged(total=total)
        return lines

    @property
    def digest(self) -> str:
        return _digest("draft", str(self.draft_id), self.version, str(self.total.normalize()), *_with(self.code))


@dataclass(frozen=True, slots=True)
class NamedBasket:
    """Records by id, each once, at a quote's prices if given, else with a discount's code."""

    ids: Sequence[UUID]
    quote_id: UUID | None = None
    code: str = ""

    def open(self, terms: Terms) -> list[PricedLine]:
        """Raises EmptyOrder, QuantityOutOfRange, InventoryNotFound, NoPrice, QuoteNotFound, QuoteExpired,
        NotInQuote, CodeBesideQuote.
        """
        ids = list(dict.fromkeys(self.ids))
        if len(ids) > MAX_QUANTITY:
            raise QuantityOutOfRange(quantity=len(ids))
        demands = named_demands(ids)
        if self.quote_id is None:
            return _lines(demands, _prices(demands, terms))
        held = quoted_prices(
            quote_id=self.quote_id, client_id=terms.client_id, inventory_ids=ids, as_of=terms.as_of, code=self.code
        )
        return _lines(demands, held)

    @property
    def digest(self) -> str:
        return _digest("ids", sorted(map(str, set(self.ids))), str(self.quote_id), *_with(self.code))


type Basket = CriteriaBasket | DraftBasket | NamedBasket
"""`digest` tells a repeat from a different request under the same key."""


def total_of(lines: Iterable[PricedLine]) -> Decimal:
    """Returns USD."""
    return sum((line.amount for line in lines), Decimal("0.00"))


def _lines(demands: Sequence[Demand], prices: Prices) -> list[PricedLine]:
    if not demands:
        raise EmptyOrder
    return [PricedLine(demand, prices.of(demand.criteria)) for demand in demands]


def _prices(demands: Sequence[Demand], terms: Terms) -> Prices:
    """A discount's least number of leads counts those of all lines."""
    return terms.book.for_order(sum(demand.quantity for demand in demands))


def _with(code: str) -> list[str]:
    """Nothing without a code: the digests of earlier orders stay what they are."""
    return [f"code:{code}"] if code else []


def _as_matched(criteria: Criteria) -> Criteria:
    """In the Census's spelling: the spellings in stock may change between a request and its repeat."""
    if criteria.territory:
        places = tuple(map(_spelled, criteria.territory.places))
        return replace(criteria, territory=replace(criteria.territory, places=places))
    return criteria.at(_spelled(criteria.place))


def _spelled(place: Place) -> Place:
    if place.state is None or place.county is None:
        return place
    return Place(place.state, match_county(place.state, place.county) or place.county)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
