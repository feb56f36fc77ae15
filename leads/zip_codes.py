"""Which counties a ZIP lies in. leads/data/make_zip_counties.py writes the list from the Census Bureau's."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

type County = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ZipArea:
    """`county` has most of the ZIP's land, by the Census of 2020; `others` are those that it reached into in 2010."""

    county: County
    others: tuple[County, ...] = ()


def zip_area(code: str) -> ZipArea | None:
    """None for what is no ZIP, and for one without land: of post office boxes, or of one large receiver."""
    largest, others = _areas()
    return ZipArea(largest[code], tuple(others.get(code, ()))) if code in largest else None


@cache
def _areas() -> tuple[Mapping[str, County], Mapping[str, list[County]]]:
    """Read when first asked for."""
    largest: dict[str, County] = {}
    others: dict[str, list[County]] = {}
    with (Path(__file__).parent / "data" / "zip_counties.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            county = (row["state"], row["county"])
            largest.update(dict.fromkeys(row["zips"].split(), county))
            for code in row["parts"].split():
                others.setdefault(code, []).append(county)
    return largest, others
