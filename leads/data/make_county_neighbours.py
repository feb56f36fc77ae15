"""Writes county_neighbours.csv from the TopoJSON of the npm package us-atlas (ISC licence; Census Bureau shapes).

    npm pack us-atlas && tar xzf us-atlas-*.tgz
    python leads/data/make_county_neighbours.py package/counties-10m.json

Counties that share an arc of their outlines share a border. Names repeat within a few states (a county and an
independent city): they are one place here, as they are in counties.csv.
"""

import csv
import json
import pathlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

HERE = pathlib.Path(__file__).parent


def arcs(nested: list[object]) -> Iterator[int]:
    """The numbers of all arcs of a geometry; an arc that is walked backwards has its complement for a number."""
    for item in nested:
        if isinstance(item, list):
            yield from arcs(item)
        elif isinstance(item, int):
            yield item if item >= 0 else ~item


def main() -> None:
    topology = json.loads(pathlib.Path(sys.argv[1]).read_text())
    with (HERE.parents[1] / "homeshield/lib/data/states.csv").open(newline="") as handle:
        code_of = {row["name"]: row["code"] for row in csv.DictReader(handle)}
    outlines = topology["objects"]
    states = {state["id"]: code_of.get(state["properties"]["name"]) for state in outlines["states"]["geometries"]}
    with (HERE / "counties.csv").open(newline="") as handle:
        known = {(row["state"], row["county"]) for row in csv.DictReader(handle)}
    places_on = defaultdict(set)
    for county in outlines["counties"]["geometries"]:
        place = (states.get(county["id"][:2]), county["properties"]["name"])
        if place in known:
            for arc in arcs(county["arcs"]):
                places_on[arc].add(place)
    pairs = {pair for places in places_on.values() for pair in combinations(sorted(places), 2)}
    with (HERE / "county_neighbours.csv").open("w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["state", "county", "neighbour_state", "neighbour_county"])
        writer.writerows((*one, *other) for one, other in sorted(pairs))


if __name__ == "__main__":
    main()
