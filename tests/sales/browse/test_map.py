"""The map of stock: the same counts as everywhere, and a shape for every place that the Census Bureau knows."""

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from homeshield.accounts.models import User
from inventory.buyer import Buyer, buyer_of
from inventory.counting.reading import availability
from inventory.facts.place import Place
from inventory.facts.territory import Territory
from leads.classification import Classification
from leads.geography import COUNTIES, STATES
from pricing.selectors import price_book
from sales.browse.map import Map, stock_map
from sales.browse.selection import Selection
from sales.browse.short_places import short_places
from sales.cart.selectors import draft_contents
from sales.cart.services import draft_line_add
from sales.shades import shade
from tests.factories import stock
from tests.sales.history.test_order_pages import GOLD, GOLD_CADDO, text

MAPS = settings.BASE_DIR / "static/maps"
SHAPES = settings.BASE_DIR / "leads/data/map_shapes.csv"
WITHOUT_SHAPE = {"AA", "AE", "AP", "UM"}
OLD_COUNTIES = {"Fairfield", "Hartford", "Litchfield", "Middlesex", "New Haven", "New London", "Tolland", "Windham"}


def drawn(now: datetime, *states: str, counties: Sequence[str] = (), **cell: Any) -> Map:
    selection = Selection(states=states, counties=tuple(counties), **cell)
    counts = availability(criteria=selection.criteria, places=selection.places, buyer=Buyer(), as_of=now)
    return stock_map(selection, counts)


def numbers(shown: Map) -> dict[str, int]:
    return {
        area.name: area.count for area in sorted([*shown.areas, *shown.beside], key=attrgetter("name")) if area.count
    }


class TestCounts:
    def test_states_have_the_counts_of_the_filter(self, db: None, now: datetime) -> None:
        stock(3, as_of=now)
        stock(2, as_of=now, classification="Silver", state="TX", county="Harris")
        assert numbers(drawn(now)) == {"Louisiana": 3, "Texas": 2}
        assert numbers(drawn(now, classification=Classification.SILVER)) == {"Texas": 2}

    def test_a_state_opens_its_counties(self, db: None, now: datetime) -> None:
        stock(3, as_of=now)
        stock(1, as_of=now, county="Allen")
        shown = drawn(now, "LA", counties=["Caddo"])
        assert numbers(shown) == {"Allen": 1, "Caddo": 3}
        assert [area.name for area in shown.areas if area.chosen] == ["Caddo"]
        assert len(shown.areas) == len(COUNTIES["LA"])

    def test_a_place_without_a_shape_is_listed_beside(self, db: None, now: datetime) -> None:
        stock(1, as_of=now, state="CT", county="Hartford")  # a county until 2022
        stock(1, as_of=now, state="CT", county="Capitol")
        shown = drawn(now, "CT")
        assert [area.name for area in shown.beside] == ["Hartford"]
        assert numbers(shown) == {"Capitol": 1, "Hartford": 1}

    def test_posts_abroad_are_a_list(self, db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        def manifest(name: str) -> str:
            """As in production, where a file that is not there is an error."""
            assert finders.find(name)
            return f"/static/{name}"

        monkeypatch.setattr("sales.map_shapes.static", manifest)
        stock(1, as_of=now, state="AE", county=None)
        assert [area.name for area in drawn(now).beside] == ["Armed Forces Europe"]
        assert drawn(now, "AE").areas == []

    def test_choosing_is_choosing_in_the_list_several_at_once_and_again_undoes_it(
        self, db: None, now: datetime
    ) -> None:
        stock(1, as_of=now)
        addresses = {area.name: area.address for area in drawn(now, classification=Classification.GOLD).areas}
        assert addresses["Louisiana"] == "/inventory/?classification=Gold&state=LA"
        addresses = {area.name: area.address for area in drawn(now, "LA", counties=["Caddo"]).areas}
        assert addresses["Caddo"] == "/inventory/?state=LA"
        assert addresses["De Soto"] == "/inventory/?state=LA&county=Caddo&county=De+Soto"

    @pytest.mark.parametrize(
        ("count", "tint"), [(0, 0), (1, 1), (400, 1), (401, 2), (2_500, 3), (9_999, 5), (10_000, 5)]
    )
    def test_a_place_with_stock_is_never_blank(self, count: int, tint: int) -> None:
        assert shade(count, 10_000) == tint


class TestShortPlaces:
    """Asked for: 5 in Caddo, which has 3 (De Soto, next to it, has 6); 4 over Allen and Harris in Texas: 1."""

    @pytest.fixture
    def cart(self, buyer: User, now: datetime) -> User:
        stock(3, as_of=now)
        stock(6, as_of=now, county="De Soto")
        stock(1, as_of=now, county="Allen")
        territory = Territory((Place("LA", "Allen"), Place("TX", "Harris")))
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=5)
        draft_line_add(user=buyer, criteria=replace(GOLD, territory=territory), quantity=4)
        return buyer

    def test_they_are_marked_and_said_with_what_can_fill_them(
        self, shop: Client, cart: User, engine: dict[str, str]
    ) -> None:
        shown = shop.get("/inventory/?view=map&state=LA", headers=engine)
        found = shown.context["map"]
        assert [(area.name, area.missing) for area in found.short] == [("Allen", 0), ("Caddo", 2)]
        assert [area.name for area in found.filling] == ["De Soto"]
        assert 'aria-label="Caddo: 3. Your cart is 2 short here."' in shown.content.decode()
        assert "Your cart is short here Allen Caddo (2 short)" in text(shown)
        assert "Can fill it, next to it De Soto" in text(shown)

    def test_so_are_their_states(self, shop: Client, cart: User) -> None:
        found = shop.get("/inventory/?view=map").context["map"]
        assert [(area.name, area.missing) for area in found.short] == [("Louisiana", 2), ("Texas", 0)]

    def test_a_state_has_all_of_a_territory_that_lies_in_it(self, shop: Client, buyer: User, now: datetime) -> None:
        stock(1, as_of=now)
        territory = Territory((Place("LA", "Allen"), Place("LA", "Caddo")))
        draft_line_add(user=buyer, criteria=replace(GOLD, territory=territory), quantity=4)
        found = shop.get("/inventory/?view=map").context["map"]
        assert [(area.name, area.missing) for area in found.short] == [("Louisiana", 3)]

    def test_what_is_not_for_sale_is_not_short(self, client: Client, buyer: User, now: datetime) -> None:
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=5)
        client.force_login(buyer)
        assert client.get("/inventory/?view=map&state=LA").context["map"].short == []

    def test_two_statements_find_them_whatever_the_number_of_lines(
        self, shop: Client, cart: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for county in COUNTIES["LA"][:20]:
            draft_line_add(user=cart, criteria=GOLD_CADDO.at(Place("LA", county)), quantity=2)
        lines = draft_contents(cart).lines.items()
        book = price_book(client_id=cart.client_id, as_of=now)
        with django_assert_num_queries(2):
            short_places(lines, book=book, buyer=buyer_of(cart), as_of=now)


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
        [baltimore] = [a for a in drawn(now, "MD").areas if a.name == "Baltimore"]
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
