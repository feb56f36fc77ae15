"""Stock as a map: the states, or the counties of one state, shaded by what the buyer can buy.

A page names shapes by id (sales/map_shapes.py), so that only counts travel with a filter's change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.counting.reading import Availability
from inventory.facts.place import Place
from leads.geography import state_name
from sales.browse.selection import Selection
from sales.map_shapes import NATION, SHADES, outlines, shade, view_box


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A place on the map.

    `outlines` are the addresses of its shapes: an independent city may lie beside its county. `count` is what the buyer
    can buy there, `shade` 0 to SHADES. `address` selects the place, or deselects it. `value` is its name in an address.
    """

    value: str
    name: str
    address: str
    outlines: tuple[str, ...]
    count: int
    shade: int
    chosen: bool


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
    def listed(self) -> list[Area]:
        """Every place with stock, by name."""
        return sorted((area for area in [*self.areas, *self.beside] if area.count), key=lambda area: area.name)


def stock_map(selection: Selection, stock: Availability) -> Map:
    """Draws the counties of the state that is chosen, or the states. The counts are those of `stock`.

    A state opens its counties; a county joins those that are chosen, or leaves them.
    """
    state = selection.state
    facets = stock.states if state is None else stock.counties
    counts = {facet.value: facet.count for facet in facets}
    drawn = outlines(state or NATION)
    largest = max(counts.values(), default=0)

    def area(value: str, shapes: Sequence[str]) -> Area:
        count = counts.get(value, 0)
        return Area(
            value=value,
            address=selection.toggled(Place(value) if state is None else Place(state, value)).address(),
            name=state_name(value) if state is None else value,
            outlines=tuple(shapes),
            count=count,
            shade=shade(count, largest),
            chosen=value in (selection.chosen_states if state is None else selection.counties),
        )

    return Map(
        title="United States" if state is None else state_name(state),
        level="state" if state is None else "county",
        view_box=view_box(state or NATION) if drawn else "",
        # The chosen ones are drawn last: their thick outlines lie over their neighbors'.
        areas=sorted((area(value, shapes) for value, shapes in drawn.items()), key=lambda area: area.chosen),
        beside=[area(value, ()) for value in counts if value not in drawn],
        largest=largest,
    )
