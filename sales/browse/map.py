"""Stock as a map: the states, or the counties of one state, shaded by what the buyer can buy.

The shapes are files under static/maps, made by leads/data/make_maps.py. A page names them by id, so that only counts
travel with a filter's change.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

from inventory.counting.reading import Availability
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.geography import STATES

SHADES = 5
"""Tints above "none"."""

_SHAPES = Path(__file__).parents[2] / "leads/data/map_shapes.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A place on the map.

    `outlines` are the addresses of its shapes: an independent city may lie beside its county. `count` is what the buyer
    can buy there, `shade` 0 to SHADES. `address` selects the place, or deselects it.
    """

    name: str
    address: str
    outlines: tuple[str, ...]
    count: int
    shade: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """`beside` are places with stock that have no shape. `largest` is the largest count."""

    title: str
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


def stock_map(criteria: Criteria, stock: Availability, address: Callable[[Criteria], str]) -> Map:
    """Draws the counties of the state that the criteria name, or the states. The counts are those of `stock`."""
    state = criteria.place.state
    facets = stock.states if state is None else stock.counties
    counts = {facet.value: facet.count for facet in facets}
    drawn = _shapes().get(state or "", {})
    largest = max(counts.values(), default=0)
    file = static(f"maps/{state or 'nation'}.svg") if drawn else ""  # armed forces abroad have no map

    def area(value: str, ids: Iterable[str]) -> Area:
        count, chosen = counts.get(value, 0), criteria.place.county == value and state is not None
        place = Place(value) if state is None else Place(state, None if chosen else value)
        return Area(
            address=address(criteria.at(place)),
            name=STATES[value].name if state is None and value in STATES else value,
            outlines=tuple(f"{file}#{number}" for number in ids),
            count=count,
            shade=shade(count, largest),
            chosen=chosen,
        )

    return Map(
        title="United States" if state is None else STATES[state].name,
        view_box=_view_box(state or "nation") if drawn else "",
        # The chosen one is drawn last: its thick outline lies over its neighbors'.
        areas=sorted((area(value, ids) for value, ids in drawn.items()), key=lambda area: area.chosen),
        beside=[area(value, ()) for value in counts if value not in drawn],
        largest=largest,
    )


def shade(count: int, largest: int) -> int:
    """By the square root, because a few places have most of the stock. A place with stock is never blank."""
    return ceil(SHADES * sqrt(count / largest)) if count > 0 else 0


@cache
def _shapes() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Ids of shapes by state and county name; under "" those of the states by code."""
    found: dict[str, dict[str, list[str]]] = {"": {}}
    with _SHAPES.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            found[""].setdefault(row["state"], [row["state"]])
            found.setdefault(row["state"], {}).setdefault(row["name"], []).append(row["fips"])
    return {state: {name: tuple(ids) for name, ids in names.items()} for state, names in found.items()}


@cache
def _view_box(name: str) -> str:
    head = (settings.BASE_DIR / "static/maps" / f"{name}.svg").read_text(encoding="ascii")[:200]
    found = re.search(r'viewBox="([\d ]+)"', head)
    assert found
    return found[1]
