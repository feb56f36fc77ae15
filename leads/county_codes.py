"""The Census Bureau's codes of counties, by which maps name their shapes. leads/data/make_maps.py writes the list."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def counties_by_code() -> Mapping[str, tuple[str, str]]:
    """State and county by FIPS code of five digits. An independent city may have the name of its county."""
    with (Path(__file__).parent / "data" / "map_shapes.csv").open(newline="", encoding="utf-8") as rows:
        return {row["fips"]: (row["state"], row["name"]) for row in csv.DictReader(rows)}
