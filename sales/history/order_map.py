"""Where the leads of an order are: the states, or the counties of the one state, shaded by their leads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from leads.geography import state_name
from sales.history.purchases import PlaceCount
from sales.map_shapes import NATION, outlines, view_box
from sales.shades import SHADES, shade


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceShown:
    """A state or a county with its leads. `value` is what the filter calls it."""

    name: str
    value: str
    leads: int
    outlines: Sequence[str]
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMap:
    """`state` is the one whose counties are drawn; None: the states. `places` have leads, the most first. `blank` are
    the shapes of all others.
    """

    state: str | None
    title: str
    view_box: str
    places: Sequence[PlaceShown]
    blank: Sequence[str]

    @property
    def largest(self) -> int:
        return max((place.leads for place in self.places), default=0)

    @property
    def scale(self) -> range:
        return range(1, SHADES + 1)


def order_map(counts: Sequence[PlaceCount], state: str | None = None) -> OrderMap:
    """Draws the counties of `state`, or of the only state there is; else the states."""
    states = {count.state for count in counts}
    if state is None and len(states) == 1:
        [state] = states
    leads: Counter[str] = Counter()
    for count in counts:
        if state is None:
            leads[count.state] += count.leads
        elif count.state == state:
            leads[count.county] += count.leads
    drawn = outlines(state or NATION)
    largest = max(leads.values(), default=0)
    return OrderMap(
        state=state,
        title="United States" if state is None else state_name(state),
        view_box=view_box(state or NATION) if drawn else "",
        places=[
            PlaceShown(
                name=(state_name(value) if state is None else value) or "County unknown",
                value=value,
                leads=number,
                outlines=drawn.get(value, ()),
                shade=shade(number, largest),
            )
            for value, number in sorted(leads.items(), key=lambda each: (-each[1], each[0]))
        ],
        blank=[shape for value, shapes in drawn.items() if value not in leads for shape in shapes],
    )
