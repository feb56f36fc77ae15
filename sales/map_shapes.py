"""The shapes of the maps: what a place is drawn with. leads/data/make_maps.py made their files, under static/maps."""

import csv
import re
from collections.abc import Mapping
from functools import cache
from math import ceil, sqrt
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

SHADES = 5
"""Tints above "none"."""

NATION = ""
"""The map of the states."""

_SHAPES = Path(__file__).parents[1] / "leads/data/map_shapes.csv"


def outlines(state: str) -> Mapping[str, tuple[str, ...]]:
    """The addresses of the shapes of each county of a state, or of each state of the NATION by its code.

    An independent city may lie beside its county, so a name may have several. Empty for places without a map: the armed
    forces abroad.
    """
    ids = _shapes().get(state, {})
    file = static(f"maps/{state or 'nation'}.svg") if ids else ""
    return {name: tuple(f"{file}#{number}" for number in numbers) for name, numbers in ids.items()}


def shade(count: int, largest: int) -> int:
    """By the square root, because a few places have most of the stock. A place with stock is never blank."""
    return ceil(SHADES * sqrt(count / largest)) if count > 0 else 0


@cache
def view_box(state: str) -> str:
    """The frame of a map that has outlines."""
    head = (settings.BASE_DIR / "static/maps" / f"{state or 'nation'}.svg").read_text(encoding="ascii")[:200]
    found = re.search(r'viewBox="([\d ]+)"', head)
    assert found
    return found[1]


@cache
def _shapes() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Ids of shapes by state and county name; under NATION those of the states by code."""
    found: dict[str, dict[str, list[str]]] = {NATION: {}}
    with _SHAPES.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            found[NATION].setdefault(row["state"], [row["state"]])
            found.setdefault(row["state"], {}).setdefault(row["name"], []).append(row["fips"])
    return {state: {name: tuple(ids) for name, ids in names.items()} for state, names in found.items()}
