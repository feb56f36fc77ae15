"""Which counties border which. leads/data/make_counties.py writes the list."""

import csv
from functools import cache
from pathlib import Path

type County = tuple[str, str]


def neighbours(state: str, county: str) -> list[County]:
    """The bordering counties, those of the same state first, then by name.

    Empty for islands, territories and unknown counties.
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
