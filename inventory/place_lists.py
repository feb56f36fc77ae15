"""Lists of states and counties as people paste them: names, FIPS codes, ZIPs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from inventory.county_names import county_meant
from inventory.facts.place import Place
from leads.county_codes import counties_by_code
from leads.geography import STATES
from leads.zip_codes import ZipArea, zip_area

_SEPARATORS = re.compile(r"[\n\r;\t]+")
_CODE = re.compile(r"([0-9]{4,5})(-[0-9]{4})?")
_KIND = re.compile(r"(ZIP|FIPS)(?:[ -]?codes?|s)?(?:[:#\s]+(?=[0-9])|:?$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlaceList:
    """What a list holds, each once, in its order. What was not read is there as it was written."""

    places: list[Place]
    zips: dict[str, ZipArea] = field(default_factory=dict)
    """Those of `places` that were named by ZIPs."""

    unknown: list[str] = field(default_factory=list)
    zips_without_county: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    """Five digits that are a ZIP and a FIPS code, in a list that does not show which."""

    @property
    def unread(self) -> list[str]:
        return [*self.unknown, *(f"ZIP {code}" for code in self.zips_without_county), *self.ambiguous]

    @property
    def zips_by_place(self) -> dict[Place, list[str]]:
        by_place: dict[Place, list[str]] = {}
        for code, area in self.zips.items():
            by_place.setdefault(Place(*area.county), []).append(code)
        return by_place

    @property
    def has_connecticut_zips(self) -> bool:
        """They are in old counties; leads may be in planning regions."""
        return any(area.county[0] == "CT" for area in self.zips.values())

    @property
    def also_in(self) -> dict[Place, list[str]]:
        """Counties that a ZIP reaches into and the list does not name."""
        beyond: dict[Place, list[str]] = {}
        for code, area in self.zips.items():
            for other in (Place(*county) for county in area.others):
                if not any(place.contains(other) for place in self.places):
                    beyond.setdefault(other, []).append(code)
        return beyond


@dataclass(frozen=True, slots=True)
class _Entry:
    """`kind` is ZIP or FIPS where the list says so."""

    text: str
    kind: str = ""

    @property
    def code(self) -> str | None:
        """Of five digits: spreadsheets drop the zero in front."""
        found = _CODE.fullmatch(self.text)
        return found[1].zfill(5) if found else None

    @property
    def fips(self) -> Place | None:
        county = counties_by_code().get(self.code or "") if self.kind != "ZIP" and "-" not in self.text else None
        return Place(*county) if county else None

    @property
    def zip(self) -> ZipArea | None:
        return zip_area(self.code or "") if self.kind != "FIPS" else None


def places_read(text: str) -> PlaceList:
    """Reads one place a line, or several with semicolons: `Caddo, LA`, `Caddo Parish, Louisiana`, `TX`, a county's FIPS
    code, `22017`, or a ZIP, `71101`.

    A ZIP means the county with most of its land. Five digits that are both are what the list's other codes are; `ZIP`
    or `FIPS` before them, or alone on the first line, says it.
    """
    entries = list(_entries(text))
    kinds = {("FIPS" if entry.fips else "ZIP") for entry in entries if bool(entry.fips) != bool(entry.zip)}
    places: dict[Place, None] = {}
    found = PlaceList([])
    for entry in entries:
        fips, area = entry.fips, entry.zip
        if fips and area and len(kinds) == 1:
            fips, area = (fips, None) if "FIPS" in kinds else (None, area)
        if fips and area:
            found.ambiguous.append(entry.text)
        elif area and entry.code:
            places[Place(*area.county)] = None
            found.zips[entry.code] = area
        elif place := fips or _place(entry.text):
            places[place] = None
        elif entry.code and entry.kind != "FIPS" and kinds != {"FIPS"}:
            found.zips_without_county.append(entry.code)
        else:
            found.unknown.append(f"{entry.kind} {entry.text}".strip())
    found.places.extend(places)
    return found


def _entries(text: str) -> Iterator[_Entry]:
    """Codes may stand between commas and blanks, names not: a comma is part of `Caddo, LA`."""
    kind_of_list = ""
    for line in filter(None, map(str.strip, _SEPARATORS.split(text))):
        said = _KIND.match(line)
        kind, rest = (said[1].upper(), line[said.end() :]) if said else (kind_of_list, line)
        parts = [part.strip() for part in rest.split(",")]
        codes = [code for part in parts for code in ([part] if part in STATES else part.split())]
        if said and not rest:
            kind_of_list = kind
        elif all(code in STATES or _CODE.fullmatch(code) for code in codes):
            yield from (_Entry(code, kind) for code in codes)
        else:
            yield _Entry(line)


def _place(entry: str) -> Place | None:
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
