"""What the shop window shows: counts, prices and what the cart holds, by class and age and by place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import TextChoices

from inventory.buyer import Buyer
from inventory.counting.reading import Availability, Stock, availability
from inventory.counting.recent import MOST, Recent, recent_counts
from inventory.facts.criteria import Criteria
from inventory.facts.place import EVERYWHERE, Place
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES
from pricing.discounts.prices import Price, PriceBook, Prices
from sales.browse.selection import Selection
from sales.cart.selectors import DraftContents
from sales.shades import shade


@dataclass(frozen=True, slots=True)
class Number:
    """How many leads are new: `967`, or `1,200+` where nobody counted further."""

    count: int
    is_all: bool = True

    @classmethod
    def of(cls, *counts: int) -> Self:
        """The sum of what recent_counts found."""
        return cls(sum(counts), max(counts, default=0) < MOST)

    def __str__(self) -> str:
        return f"{self.count:,}{'' if self.is_all else '+'}"

    def __bool__(self) -> bool:
        return self.count > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """`price` is None if not for sale. `shade` is 0 to SHADES (sales/shades.py). `address` selects
    the cell, or deselects it.
    """

    classification: Classification
    age_bucket: AgeBucket
    count: int
    new: Number
    in_cart: int
    price: Price | None
    shade: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class Heading[Name: TextChoices]:
    """A row or column of the table: its address selects all of it, or deselects it."""

    name: Name
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A state or county in the list of places. `address` selects it alone."""

    value: str
    name: str
    count: int
    chosen: bool
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """A place and the quantity that is asked for in it; `without` is the page without the place."""

    place: str
    name: str
    stock: Stock
    new: Number
    in_cart: int
    typed: str
    error: str
    without: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """What prices what this user would add to the cart: discounts count the leads that are in it already."""

    book: PriceBook
    cart: DraftContents

    @property
    def prices(self) -> Prices:
        """Of one lead more."""
        return self.book.for_order(self.cart.leads + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    selection: Selection
    stock: Availability
    recent: Recent
    shelf: Shelf

    @property
    def price(self) -> Price | None:
        """Of the class and age that are chosen."""
        return self.shelf.prices.find(self.selection.criteria) if self.selection.has_cell else None

    @property
    def new(self) -> Number:
        return Number.of(*(self.recent.cells[cell] for cell in self.selection.criteria.cells))

    @property
    def buckets(self) -> list[Heading[AgeBucket]]:
        here = self.selection
        return [
            Heading(
                bucket, here.with_cell(None, bucket).address(), (here.classification, here.age_bucket) == (None, bucket)
            )
            for bucket in AgeBucket
        ]

    @property
    def matrix(self) -> list[tuple[Heading[Classification], list[MatrixCell]]]:
        here = self.selection
        return [
            (
                Heading(
                    row, here.with_cell(row, None).address(), (here.classification, here.age_bucket) == (row, None)
                ),
                [self._cell(row, bucket) for bucket in AgeBucket],
            )
            for row in Classification
        ]

    def _cell(self, row: Classification, bucket: AgeBucket) -> MatrixCell:
        here, count = self.selection, self.stock.cells[row, bucket]
        largest = max(self.stock.cells.values(), default=0)
        return MatrixCell(
            classification=row,
            age_bucket=bucket,
            count=count,
            new=Number.of(self.recent.cells[row, bucket]),
            in_cart=self._in_cart(here.places, row, bucket),
            price=self.shelf.prices.get((row, bucket)),
            shade=shade(count, largest),
            chosen=(here.classification, here.age_bucket) == (row, bucket),
            address=here.with_cell(row, bucket).address(),
        )

    def _in_cart(self, places: Sequence[Place], row: Classification | None, bucket: AgeBucket | None) -> int:
        asked = [Criteria(classification=row, age_bucket=bucket, place=place) for place in places]
        return sum(map(self.shelf.cart.leads_in, asked))

    @property
    def states(self) -> list[Choice]:
        """What has stock, and what is chosen; by name."""
        counts = {facet.value: facet.count for facet in self.stock.states}
        here = self.selection
        choices = [
            Choice(state, STATES[state].name, count, state in here.states, here.opened(state).address())
            for state, count in (dict.fromkeys(here.states, 0) | counts).items()
            if state in STATES
        ]
        return sorted(choices, key=lambda choice: choice.name)

    @property
    def counties(self) -> list[Choice]:
        counts = {facet.value: facet.count for facet in self.stock.counties}
        chosen = self.selection.counties
        return [
            Choice(county, county, count, county in chosen)
            for county, count in sorted((dict.fromkeys(chosen, 0) | counts).items())
        ]

    @property
    def elsewhere(self) -> list[Choice]:
        """Counties that are chosen in other states than the one whose counties are listed."""
        return [
            Choice(place.as_text, place.label, self.stock.at(place).available, chosen=True)
            for place in self.selection.elsewhere
        ]

    def lines(self, typed: Mapping[str, str] = {}, wrong: Mapping[str, str] = {}) -> list[PlaceLine]:
        """A row for each place that is chosen; for none, one for everywhere."""
        here = self.selection
        return [
            PlaceLine(
                place=(key := place.as_text),
                name=_name(place, with_state=len({place.state for place in here.places}) > 1),
                stock=self.stock.at(place),
                new=self.new if len(here.places) == 1 else Number.of(self.recent.places[place]),
                in_cart=self._in_cart([place], here.classification, here.age_bucket),
                typed=typed.get(key, ""),
                error=wrong.get(key, ""),
                without=_without(here, place).address() if place != EVERYWHERE else "",
            )
            for place in here.places
        ]


def _name(place: Place, *, with_state: bool) -> str:
    if place.county is not None:
        return place.label if with_state else place.county
    return STATES[place.state].name if place.state else "All states"


def _without(here: Selection, place: Place) -> Selection:
    if place.county is not None:
        return here.toggled(place)
    return here.at(*(state for state in here.states if state != place.state))


def window_of(selection: Selection, *, buyer: Buyer, shelf: Shelf, as_of: datetime) -> Window:
    asked, places = selection.criteria, selection.places
    return Window(
        selection=selection,
        stock=availability(criteria=asked, buyer=buyer, as_of=as_of, places=places),
        recent=recent_counts(criteria=asked, places=places, buyer=buyer, as_of=as_of),
        shelf=shelf,
    )
