"""States, time zones, and the Census Bureau's counties."""

import csv
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from homeshield.lib.states import STATES as STATES

_DATA = Path(__file__).parent / "data"


def _read_counties() -> tuple[dict[str, tuple[str, ...]], frozenset[tuple[str, str]]]:
    counties: dict[str, list[str]] = {}
    cities = set()
    with (_DATA / "counties.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            counties.setdefault(row["state"], []).append(row["county"])
            if row["independent_city"]:
                cities.add((row["state"], row["county"]))
    return {state: tuple(sorted(names)) for state, names in counties.items()}, frozenset(cities)


_COUNTIES, INDEPENDENT_CITIES = _read_counties()
"""INDEPENDENT_CITIES: (state, name) of cities outside counties. A county of the same name is the same place."""

COUNTIES: Mapping[str, tuple[str, ...]] = MappingProxyType(_COUNTIES)
"""By state, sorted, without "County" or "Parish". Include independent cities and, in Connecticut, planning regions
beside old counties."""


def state_name(code: str) -> str:
    """`Texas`; the code itself if no state has it."""
    return STATES[code].name if code in STATES else code


def to_utc(local: datetime, state: str) -> datetime:
    """Like zone_to_utc, for a state's zone. Raises KeyError for an unknown state."""
    return zone_to_utc(local, STATES[state].time_zone)


def zone_to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Converts a naive local time. A skipped one uses the offset before the change; a repeated one is the first.

    Raises OverflowError at the ends of the calendar.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


_KINDS = ("county", "parish", "cityandborough", "censusarea", "municipality", "planningregion")
"""What may follow a name. "Borough" and "city" must be separate words: Waldoborough, Maine, is not in Waldo County."""

_SAINTS = ("st", "ste", "saint", "sainte")
_APOSTROPHES = dict.fromkeys(map(ord, "'`´‘’‚‛ʹʻʼʽʾʿˈˊˋ′‵＇｀"))


def _words(text: str) -> list[str]:
    """In lower case, without accents, apostrophes and dots."""
    letters = []
    for letter in unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold():
        kind = unicodedata.category(letter)
        if letter.isspace() or kind == "Pd":
            letters.append(" ")
        elif letter != "." and kind not in ("Mn", "Cf", "Cc"):
            letters.append(letter)
    return "".join(letters).split()


def _spellings(state: str, name: str) -> set[str]:
    """Without blanks."""
    first, *others = _words(name)
    rest = "".join(others)
    spellings = {saint + rest for saint in _SAINTS} if first in ("st", "ste") else {first + rest}
    if others[-1:] == ["city"] and (state, name) in INDEPENDENT_CITIES:
        spellings.add((first + rest).removesuffix("city"))
    return spellings


_NAMED: dict[tuple[str, str], str] = {
    (state, spelling): name
    for state, names in COUNTIES.items()
    for name in names
    for spelling in _spellings(state, name)
}


@lru_cache(maxsize=20_000)
def match_county(state: str, text: str) -> str | None:
    """The Census Bureau's name for the county, or None.

    docs/behavior, "Loading a call-center file", says what is ignored. A trailing "city" is ignored only if there is
    such a city: Iowa City is not Iowa County.
    """
    words = _words(text)
    written = "".join(words)
    if found := _NAMED.get((state, written)):
        return found
    if words[-1:] == ["city"]:
        city = _NAMED.get((state, written.removesuffix("city")))
        return city if (state, city) in INDEPENDENT_CITIES else None
    kind = next((kind for kind in _KINDS if written.endswith(kind)), "borough" if words[-1:] == ["borough"] else "")
    return _NAMED.get((state, written.removesuffix(kind))) if kind else None
