"""The shapes of the maps: what a place is drawn with. leads/data/make_maps.py made their files, under static/maps."""

import re
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.templatetags.static import static

from leads.county_codes import counties_by_code

NATION = ""
"""The map of the states."""


def outlines(state: str) -> Mapping[str, tuple[str, ...]]:
    """The addresses of the shapes of each county of a state, or of each state of the NATION by its code.

    An independent city may lie beside its county, so a name may have several. Empty for places without a map: the armed
    forces abroad.
    """
    ids = _shapes().get(state, {})
    file = static(f"maps/{state or 'nation'}.svg") if ids else ""
    return {name: tuple(f"{file}#{number}" for number in numbers) for name, numbers in ids.items()}


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
    for code, (state, county) in counties_by_code().items():
        found[NATION].setdefault(state, [state])
        found.setdefault(state, {}).setdefault(county, []).append(code)
    return {state: {name: tuple(ids) for name, ids in names.items()} for state, names in found.items()}
