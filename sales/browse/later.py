"""What gets cheaper: leads that soon enter their next age, and what they will cost then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.buyer import Buyer
from inventory.counting.aging import Passing, leads_passing
from inventory.facts.criteria import Cell
from leads.age import DAY
from pricing.discounts.prices import Price, Prices
from pricing.selectors import price_book
from sales.browse.selection import Selection
from sales.browse.window import Shelf

HORIZONS = (7, 14, 30)
"""Days from now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """After so many days, `leads` of those on sale now are of the next age, and cost `price` each if nobody has bought
    them. None: not for sale then.
    """

    days: int
    leads: int
    price: Price | None


@dataclass(frozen=True, slots=True)
class Later:
    """A class and age, what a lead costs now, and what waiting brings: by HORIZONS."""

    cell: Cell
    price: Price | None
    waits: list[Wait]

    @property
    def label(self) -> str:
        row, bucket = self.cell
        return f"{row.label}, {bucket.label}"

    @property
    def is_cheaper(self) -> bool:
        then = self.waits[-1].price
        return bool(self.price and then and then.unit_price < self.price.unit_price)


@dataclass(frozen=True, slots=True)
class LaterView:
    rows: list[Later]
    best: tuple[Later, Wait] | None
    """For one class and age: the nearest wait that brings something, to the day of its last lead."""


def later_of(selection: Selection, *, buyer: Buyer, shelf: Shelf, as_of: datetime) -> LaterView:
    """Counts are of what the buyer can buy now; prices are those in force on the day, with rules that lie ahead."""
    passing = leads_passing(
        criteria=selection.criteria,
        places=selection.places,
        buyer=buyer,
        as_of=as_of,
        days=range(1, HORIZONS[-1] + 1) if selection.has_cell else HORIZONS,
    )
    last = _last_day(passing) if selection.has_cell else 0
    days = {*HORIZONS, last} if last else set(HORIZONS)
    prices = {
        day: price_book(client_id=buyer.client_id, as_of=as_of + day * DAY, code=shelf.cart.code).for_order(
            shelf.cart.leads + 1
        )
        for day in days
    }
    rows = [
        Later(cell, shelf.prices.get(cell), [_wait(cell, day, passing, prices) for day in HORIZONS])
        for cell in selection.criteria.cells
        if cell[1].next
    ]
    best = (rows[0], _wait(rows[0].cell, last, passing, prices)) if rows and last else None
    return LaterView(rows, best)


def _last_day(passing: list[Passing]) -> int:
    """The last day, within the first of HORIZONS that has any, on which leads pass. 0 if none do."""
    found = [[one.days for one in passing if one.days <= horizon] for horizon in HORIZONS]
    return next((max(days) for days in found if days), 0)


def _wait(cell: Cell, day: int, passing: list[Passing], prices: Mapping[int, Prices]) -> Wait:
    row, bucket = cell
    assert bucket.next is not None
    leads = sum(one.leads for one in passing if one.cell == cell and one.days <= day)
    return Wait(day, leads, prices[day].get((row, bucket.next)))
