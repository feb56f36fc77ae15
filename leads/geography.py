"""Places: the states with their time zones, and the Census Bureau's counties, whose lists are facts in leads/data."""

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from homeshield.lib.states import STATES as STATES

_DATA = Path(__file__).parent / "data"


def _read_counties() -> dict[str, tuple[str, ...]]:
    counties: dict[str, list[str]] = {}
    with (_DATA / "counties.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            counties.setdefault(row["state"], []).append(row["county"])
    return {state: tuple(sorted(names)) for state, names in counties.items()}


COUNTIES: Mapping[str, tuple[str, ...]] = MappingProxyType(_read_counties())
"""The counties of each state as the Census Bureau writes them, without "County" or "Parish", in order.

Territories and military regions have none.
"""


def to_utc(local: datetime, state: str) -> datetime:
    """The instant at which clocks in a state show `local` (a naive time), in UTC: see zone_to_utc.

    Raises KeyError for an unknown state.
    """
    return zone_to_utc(local, STATES[state].time_zone)


def zone_to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in a zone show `local` (a naive time), in UTC.

    A time that does not exist (clocks sprang over it) counts on from the offset before the change; one that exists
    twice is the first. Raises OverflowError at the ends of the calendar.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


_SAINT = re.compile(r"\b(?:saint|st)\b\.?\s*")
_SAINTE = re.compile(r"\b(?:sainte|ste)\b\.?\s*")
_KIND = re.compile(r"\s(?:county|parish)$")  # no more: Iowa City is no Iowa County, and Baltimore is beside its city


def _spelling(county: str) -> str:
    """What two ways to write a county have in common."""
    text = " ".join(county.casefold().split())
    return _SAINTE.sub("ste ", _SAINT.sub("st ", text))


_CENSUS_SPELLING: dict[tuple[str, str], str] = {
    (state, _spelling(name)): name for state, names in COUNTIES.items() for name in names
}


@lru_cache(maxsize=20_000)
def match_county(state: str, text: str) -> str | None:
    """The county of a state that `text` names, as the Census Bureau writes it; None where it names none.

    Case, `Saint` or `St.` (`Sainte` or `Ste.`), blanks, and a trailing "County" or "Parish" make no difference:
    csv-format of docs/behavior. A city or a borough is none of its namesakes, so it matches only where the Census
    writes it so (Carson City): a lead is never changed, and a wrong county would stay for ever.
    """
    return _CENSUS_SPELLING.get((state, _KIND.sub("", _spelling(text))))
