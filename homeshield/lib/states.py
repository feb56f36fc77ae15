"""The states, each with one time zone: docs/decisions/0002-time-zone-of-a-state.md."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class State:
    """Or the District of Columbia, a territory, or a military mail region."""

    code: str
    name: str
    time_zone: ZoneInfo


def _read_states() -> dict[str, State]:
    with (Path(__file__).parent / "data" / "states.csv").open(newline="", encoding="utf-8") as rows:
        states = [State(row["code"], row["name"], ZoneInfo(row["time_zone"])) for row in csv.DictReader(rows)]
    return {state.code: state for state in sorted(states, key=lambda state: state.name)}


STATES: Mapping[str, State] = MappingProxyType(_read_states())
"""By USPS code, in the order of names."""
