"""Which counties border which: leads/data/county_neighbours.csv, made by the script beside it."""

import csv
from functools import cache
from pathlib import Path

type County = tuple[str, str]
"""A state's code and a county as the Census Bureau writes it."""


def neighbours(state: str, county: str) -> list[County]:
    """The counties that share a border with this one: those of its own state first, then by name.

    Empty for islands, for the territories, and for a county that the Census Bureau does not know.
    """
    return sorted(_borders().get((state, county), ()), key=lambda other: (other[0] != state, other))


@cache
def _borders() -> dict[County, set[County]]:
    borders: dict[County, set[County]] = {}
    with (Path(__file__).parent / "data" / "county_neighbours.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            one, other = (row["state"], row["county"]), (row["neighbour_state"], row["neighbour_county"])
            borders.setdefault(one, set()).add(other)
            borders.setdefault(other, set()).add(one)
    return borders
