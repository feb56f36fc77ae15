"""Lists of states and counties as people paste them."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import leads
from inventory.county_names import county_meant
from inventory.facts.place import Place
from leads.geography import STATES

_SEPARATORS = re.compile(r"[\n\r;\t]+")
_DIGITS = re.compile(r"[0-9]{4,5}")


@dataclass(frozen=True, slots=True)
class PlaceList:
    """`places` are what was read, each once, in the order of the list; `unknown` is what was not, as it was written."""

    places: list[Place]
    unknown: list[str]


def places_read(text: str) -> PlaceList:
    """Reads one place a line, or several with semicolons: `Caddo, LA`, `Caddo Parish, Louisiana`, `TX`, or a county's
    FIPS code, `22017`. Five digits are never a ZIP."""
    places: dict[Place, None] = {}
    unknown = []
    for entry in _entries(text):
        if place := _place(entry):
            places[place] = None
        else:
            unknown.append(entry)
    return PlaceList(list(places), unknown)


def _entries(text: str) -> Iterator[str]:
    """Codes may stand between commas, names not: a comma is part of `Caddo, LA`."""
    for entry in _SEPARATORS.split(text):
        parts = [part.strip() for part in entry.split(",")]
        codes = all(_DIGITS.fullmatch(part) or part in STATES for part in parts)
        yield from filter(None, parts if codes else [entry.strip()])


def _place(entry: str) -> Place | None:
    if _DIGITS.fullmatch(entry):
        return county_codes().get(entry.zfill(5))  # spreadsheets drop the zero in front
    if state := _state_codes().get(entry.casefold()):
        return Place(state)
    before, comma, after = (part.strip() for part in entry.rpartition(","))
    words = entry.split()
    for county, state_name in (
        [(before, after)] if comma else [(" ".join(words[:-n]), " ".join(words[-n:])) for n in range(1, len(words))]
    ):
        state = _state_codes().get(state_name.casefold())
        if state and (meant := county_meant(state, county)):
            return Place(state, meant)
    return None


@cache
def _state_codes() -> Mapping[str, str]:
    """By code and by name, in lower case."""
    codes = {code.casefold(): code for code in STATES}
    return codes | {state.name.casefold(): code for code, state in STATES.items()}


@cache
def county_codes() -> Mapping[str, Place]:
    """By FIPS code of five digits."""
    with (Path(leads.__file__).parent / "data" / "map_shapes.csv").open(newline="", encoding="utf-8") as rows:
        return {row["fips"]: Place(row["state"], row["name"]) for row in csv.DictReader(rows)}
