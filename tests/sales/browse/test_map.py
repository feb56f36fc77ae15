"""The map of stock: the same counts as everywhere, and a shape for every place that the Census Bureau knows."""

import csv
import gzip
import re
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from inventory.buyer import Buyer
from inventory.counting.reading import availability
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.classification import Classification
from leads.geography import COUNTIES, STATES
from sales.browse.map import Map, stock_map
from sales.browse.views import browse_address
from sales.map_shapes import shade
from tests.factories import stock

MAPS = settings.BASE_DIR / "static/maps"
SHAPES = settings.BASE_DIR / "leads/data/map_shapes.csv"
WITHOUT_SHAPE = {"AA", "AE", "AP", "UM"}
OLD_COUNTIES = {"Fairfield", "Hartford", "Litchfield", "Middlesex", "New Haven", "New London", "Tolland", "Windham"}


def drawn(criteria: Criteria, now: datetime) -> Map:
    counts = availability(criteria=criteria, buyer=Buyer(), as_of=now)
    return stock_map(criteria, counts, browse_address)


def numbers(shown: Map) -> dict[str, int]:
    return {area.name: area.count for area in shown.listed}


class TestCounts:
    def test_states_have_the_counts_of_the_filter(self, db: None, now: datetime) -> None:
        stock(3, as_of=now)
        stock(2, as_of=now, classification="Silver", state="TX", county="Harris")
        assert numbers(drawn(Criteria(), now)) == {"Louisiana": 3, "Texas": 2}
        assert numbers(drawn(Criteria(classification=Classification.SILVER), now)) == {"Texas": 2}

    def test_a_state_opens_its_counties(self, db: None, now: datetime) -> None:
        stock(3, as_of=now)
        stock(1, as_of=now, county="Allen")
        shown = drawn(Criteria(place=Place("LA", "Caddo")), now)
        assert numbers(shown) == {"Allen": 1, "Caddo": 3}
        assert [area.name for area in shown.areas if area.chosen] == ["Caddo"]
        assert len(shown.areas) == len(COUNTIES["LA"])

    def test_a_place_without_a_shape_is_listed_beside(self, db: None, now: datetime) -> None:
        stock(1, as_of=now, state="CT", county="Hartford")  # a county until 2022
        stock(1, as_of=now, state="CT", county="Capitol")
        shown = drawn(Criteria(place=Place("CT")), now)
        assert [area.name for area in shown.beside] == ["Hartford"]
        assert numbers(shown) == {"Capitol": 1, "Hartford": 1}

    def test_posts_abroad_are_a_list(self, db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        def manifest(name: str) -> str:
            """As in production, where a file that is not there is an error."""
            assert finders.find(name)
            return f"/static/{name}"

        monkeypatch.setattr("sales.map_shapes.static", manifest)
        stock(1, as_of=now, state="AE", county=None)
        assert [area.name for area in drawn(Criteria(), now).beside] == ["Armed Forces Europe"]
        assert drawn(Criteria(place=Place("AE")), now).areas == []

    def test_choosing_is_choosing_in_the_filter_and_again_undoes_it(self, db: None, now: datetime) -> None:
        stock(1, as_of=now)
        gold = Criteria(classification=Classification.GOLD)
        [louisiana] = [area for area in drawn(gold, now).listed if area.count]
        assert louisiana.address == "/inventory/?classification=Gold&state=LA"
        [caddo] = drawn(Criteria(place=Place("LA", "Caddo")), now).listed
        assert caddo.address == "/inventory/?state=LA"

    @pytest.mark.parametrize(
        ("count", "tint"), [(0, 0), (1, 1), (400, 1), (401, 2), (2_500, 3), (9_999, 5), (10_000, 5)]
    )
    def test_a_place_with_stock_is_never_blank(self, count: int, tint: int) -> None:
        assert shade(count, 10_000) == tint


class TestShapes:
    def test_every_state_and_county_has_one(self) -> None:
        with SHAPES.open(newline="", encoding="utf-8") as rows:
            named = {(row["state"], row["name"]) for row in csv.DictReader(rows)}
        assert {state for state, _ in named} == set(STATES) - WITHOUT_SHAPE
        counties = {(state, county) for state, names in COUNTIES.items() for county in names}
        assert counties - named == {("CT", county) for county in OLD_COUNTIES}

    def test_every_named_shape_is_drawn(self) -> None:
        with SHAPES.open(newline="", encoding="utf-8") as rows:
            ids: dict[str, set[str]] = {}
            for row in csv.DictReader(rows):
                ids.setdefault(row["state"], set()).add(row["fips"])
                ids.setdefault("nation", set()).add(row["state"])
        assert {file.stem: _ids(file) for file in MAPS.glob("*.svg")} == ids

    def test_an_independent_city_is_one_place_with_its_county(self, db: None, now: datetime) -> None:
        [baltimore] = [a for a in drawn(Criteria(place=Place("MD")), now).areas if a.name == "Baltimore"]
        assert [outline.rpartition("#")[2] for outline in baltimore.outlines] == ["24005", "24510"]

    def test_they_are_light(self) -> None:
        sizes = {file.stem: len(gzip.compress(file.read_bytes())) for file in MAPS.glob("*.svg")}
        assert sizes.pop("nation") < 60_000
        assert max(sizes.values()) < 40_000


def test_the_page_shows_it_and_keeps_it(shop: Client, engine: dict[str, str], now: datetime) -> None:
    stock(2, as_of=now, state="TX", county="Harris")
    page = shop.get("/inventory/?view=map&state=TX", headers=engine).content.decode()
    assert re.search(r'aria-label="Harris: 2"', page)
    assert re.search(r'<use href="/static/maps/TX[.\w]*\.svg#48201"', page)
    assert "/inventory/?state=TX&amp;county=Harris&amp;view=map" in page
    assert '<input type="hidden" name="view" value="map">' in page


def _ids(file: Path) -> set[str]:
    return set(re.findall(r'<path id="(\w+)"', file.read_text(encoding="ascii")))
