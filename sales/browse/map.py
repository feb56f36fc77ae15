"""Stock as a map: the states, or the counties of one state, shaded by what the buyer can buy.

A page names shapes by id (sales/map_shapes.py), so that only counts travel with a filter's change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.counting.reading import Availability
from inventory.facts.place import Place
from leads.geography import state_name
from sales.browse.selection import Selection
from sales.browse.short_places import NOT_SHORT, ShortPlaces
from sales.map_shapes import NATION, outlines, view_box
from sales.shades import SHADES, shade


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A place on the map.

    `outlines` are the addresses of its shapes: an independent city may lie beside its county. `count` is what the buyer
    can buy there, `shade` 0 to SHADES. `address` selects the place, or deselects it. `value` is its name in an address.

    The cart is short of leads in a place that `is_short`; `missing` says of how many, 0 if that cannot be said of this
    place alone. One that `fills` borders such a place and has enough.
    """

    value: str
    name: str
    address: str
    outlines: tuple[str, ...]
    count: int
    shade: int
    chosen: bool
    is_short: bool = False
    missing: int = 0
    fills: bool = False

    @property
    def said(self) -> str:
        """`Caddo: 3. Your cart is 2 short here.`"""
        said = f"{self.name}: {self.count:,}"
        if self.is_short:
            by = f"{self.missing:,} short" if self.missing else "short"
            return f"{said}. Your cart is {by} here."
        return f"{said}. It can fill a short line of your cart." if self.fills else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """`beside` are places with stock that have no shape. `largest` is the largest count. `level` is state or county."""

    title: str
    level: str
    view_box: str
    areas: list[Area]
    beside: list[Area]
    largest: int

    @property
    def scale(self) -> range:
        return range(1, SHADES + 1)

    @property
    def short(self) -> list[Area]:
        """By name, like the next."""
        return self._named(area for area in self._all if area.is_short)

    @property
    def filling(self) -> list[Area]:
        return self._named(area for area in self._all if area.fills)

    @property
    def _all(self) -> list[Area]:
        return [*self.areas, *self.beside]

    @staticmethod
    def _named(areas: Iterable[Area]) -> list[Area]:
        return sorted(areas, key=lambda area: area.name)


def stock_map(selection: Selection, stock: Availability, short: ShortPlaces = NOT_SHORT) -> Map:
    """Draws the counties of the state that is chosen, or the states. The counts are those of `stock`.

    A state opens its counties; a county joins those that are chosen, or leaves them.
    """
    state = selection.state
    facets = stock.states if state is None else stock.counties
    counts = {facet.value: facet.count for facet in facets}
    drawn = outlines(state or NATION)
    largest = max(counts.values(), default=0)

    def area(value: str, shapes: Sequence[str]) -> Area:
        count, place = counts.get(value, 0), Place(value) if state is None else Place(state, value)
        return Area(
            value=value,
            address=selection.toggled(place).address(),
            name=state_name(value) if state is None else value,
            outlines=tuple(shapes),
            count=count,
            shade=shade(count, largest),
            chosen=value in (selection.chosen_states if state is None else selection.counties),
            is_short=short.is_short(place),
            missing=short.missing(place),
            fills=short.fills(place) and not short.is_short(place),
        )

    return Map(
        title="United States" if state is None else state_name(state),
        level="state" if state is None else "county",
        view_box=view_box(state or NATION) if drawn else "",
        # Thick outlines lie over their neighbors', those of the chosen ones over all.
        areas=sorted(
            (area(value, shapes) for value, shapes in drawn.items()),
            key=lambda area: (area.chosen, area.is_short, area.fills),
        ),
        beside=[area(value, ()) for value in counts if value not in drawn],
        largest=largest,
    )
