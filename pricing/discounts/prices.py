"""What a lead costs a client (contract, "Money"): pure functions of rules, own prices and the size of the order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from homeshield.lib.money import CENT
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import NoPrice

type Cell = tuple[str, str]
"""Class and bucket."""


@dataclass(frozen=True, slots=True)
class Discount:
    """A rule that is in force and open to the client. `percentage` is 0.1 to 90."""

    id: UUID
    name: str
    percentage: Decimal
    least_leads: int
    code: str | None = None

    @property
    def percent_label(self) -> str:
        """`10%`, `12.5%`"""
        return f"{self.percentage.normalize():f}%"

    def off(self, amount: Decimal) -> Decimal:
        """Returns the amount less the discount, in USD, rounded half up to the cent."""
        return (amount * (100 - self.percentage) / 100).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Price:
    """One lead's, in USD. `list_price` is the general price, what it was before.

    `discount` made it lower; where none did and it is lower, it is the client's own.
    """

    unit_price: Decimal
    list_price: Decimal
    discount: Discount | None = None

    @property
    def is_reduced(self) -> bool:
        return self.reduced_from is not None

    @property
    def reduced_from(self) -> Decimal | None:
        """The general price where something lowered it."""
        return reduced_from(self.unit_price, self.list_price)

    @property
    def reason(self) -> str:
        """For people; empty for the general price."""
        if not self.is_reduced:
            return ""
        return f"{self.discount.percent_label} off: {self.discount.name}" if self.discount else "Your price"


def reduced_from(unit_price: Decimal, list_price: Decimal) -> Decimal | None:
    """Returns what a price was before it was lowered (USD); None if it was not."""
    return list_price if list_price > unit_price else None


def best_of(discounts: Sequence[Discount], leads: int) -> Discount | None:
    """Returns the best single discount that an order of so many leads gets. The first of several equal ones counts."""
    open_to = [discount for discount in discounts if discount.least_leads <= leads]
    return max(open_to, key=lambda discount: discount.percentage, default=None)


def lowest_price(general: Decimal, own: Decimal | None, best: Discount | None) -> Price:
    """Returns the lowest of the general price, that less the best discount, and the client's own. Nothing adds up."""
    price = Price(general, general)
    if best is not None and (reduced := best.off(general)) < price.unit_price:
        price = Price(reduced, general, best)
    if own is not None and own < price.unit_price:
        price = Price(own, general)
    return price


class ByCell[Amount](dict[Cell, Amount]):
    """By class and bucket. A missing one raises NoPrice (contract, "Price")."""

    def __missing__(self, cell: Cell) -> Amount:
        classification, age_bucket = cell
        raise NoPrice(classification=Classification(classification), age_bucket=AgeBucket(age_bucket))

    def of(self, criteria: Criteria) -> Amount:
        """Raises NoPrice."""
        return self[_cell(criteria)]

    def find(self, criteria: Criteria) -> Amount | None:
        return self.get(_cell(criteria))


def _cell(criteria: Criteria) -> Cell:
    assert criteria.classification is not None
    assert criteria.age_bucket is not None
    return criteria.classification, criteria.age_bucket


class GeneralPrices(ByCell[Decimal]):
    """In USD, before discounts."""


class Prices(ByCell[Price]):
    """What one order pays."""


@dataclass(frozen=True, slots=True)
class Tier:
    """So many more leads in the order, and every lead is that much cheaper."""

    more: int
    discount: Discount


@dataclass(frozen=True, slots=True)
class PriceBook:
    """All that prices a client's orders at one instant: general prices, its own, and the discounts open to it."""

    general: GeneralPrices
    own: Mapping[Cell, Decimal]
    discounts: Sequence[Discount]

    def for_order(self, leads: int) -> Prices:
        """Returns the prices of an order of so many leads. What has no general price has none."""
        best = best_of(self.discounts, leads)
        return Prices({cell: lowest_price(general, self.own.get(cell), best) for cell, general in self.general.items()})

    def amounts_of(self, criteria: Criteria, leads: int) -> tuple[Decimal, Decimal] | None:
        """Returns what one lead costs in an order of so many, and what it was before; None if it is not for sale."""
        price = self.for_order(leads).find(criteria)
        return (price.unit_price, price.list_price) if price else None

    def has_code(self, code: str) -> bool:
        return any(discount.code == code for discount in self.discounts)

    def tiers(self, leads: int) -> Iterator[Tier]:
        """Yields what more leads would bring, the fewest first, each better than the one before."""
        best = best_of(self.discounts, leads)
        percentage = best.percentage if best else Decimal(0)
        for discount in sorted(self.discounts, key=lambda one: (one.least_leads, -one.percentage)):
            if discount.least_leads > leads and discount.percentage > percentage:
                percentage = discount.percentage
                yield Tier(discount.least_leads - leads, discount)
