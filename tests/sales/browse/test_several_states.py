"""Counties of several states in one address: counts, rows, list, map, cart, territories and saved searches."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from inventory.facts.place import Place
from sales.browse.selection import Selection
from sales.models import DraftLine, SavedSearch
from tests.factories import stock

CELL = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"}
BORDER = {"state": "TX", "county": ["Harris", "Lee"], "place": ["LA,Caddo", "AL,Lee"]}


@pytest.fixture(autouse=True)
def shelves(db: None, now: datetime) -> None:
    """Counties of one name in three states, of which two are asked for; and neighbors that nobody asks for."""
    places = {("TX", "Harris"): 5, ("TX", "Lee"): 2, ("TX", "Cass"): 9, ("LA", "Caddo"): 3, ("LA", "Lee"): 8}
    for (state, county), leads in (places | {("AL", "Lee"): 4, ("AL", "Harris"): 7, ("GA", "Lee"): 6}).items():
        stock(leads, as_of=now, state=state, county=county)
    stock(2, as_of=now, state="AL", county="Lee", age_days=265)


def browse(**query: Any) -> str:
    return f"/inventory/?{urlencode(query, doseq=True)}"


def test_counts_rows_list_and_preview_are_of_exactly_these_counties(shop: Client, engine: dict[str, str]) -> None:
    page = shop.get(browse(**CELL, **BORDER), headers=engine)
    window = page.context["window"]
    assert window.stock.total == 16
    assert [(row.name, row.place, row.stock.available) for row in page.context["lines_of_places"]] == [
        ("Lee, AL", "AL,Lee", 6),
        ("Caddo, LA", "LA,Caddo", 3),
        ("Harris, TX", "TX,Harris", 5),
        ("Lee, TX", "TX,Lee", 2),
    ]
    assert [cell.count for _, row in window.matrix for cell in row] == [0, 16, *[0] * 8]
    assert [(choice.name, choice.count, choice.chosen) for choice in window.counties] == [
        ("Cass", 9, False),
        ("Harris", 5, True),
        ("Lee", 2, True),
    ]
    assert [(choice.name, choice.count) for choice in window.elsewhere] == [("Caddo, LA", 3), ("Lee, AL", 6)]
    assert "4 counties in 3 states" in page.content.decode()
    listed = shop.get(browse(**CELL, **BORDER, tab="preview"), headers=engine).context
    assert len(listed["preview"].rows) == 12
    assert len(shop.get(listed["next"], headers=engine).context["preview"].rows) == 4
    later = shop.get(browse(**CELL, **BORDER, tab="later"), headers=engine).context["later"]
    assert [wait.leads for wait in later.rows[0].waits] == [2, 2, 2]


def test_without_an_open_state_the_counties_stay(shop: Client) -> None:
    page = shop.get(browse(**CELL, place=["TX,Harris", "AL,Lee"], view="map"))
    assert page.context["window"].stock.total == 11
    assert [area.name for area in page.context["map"].areas if area.chosen] == ["Alabama", "Texas"]
    assert (page.context["map"].level, page.context["window"].counties) == ("state", [])


def test_a_state_opens_beside_what_is_chosen_and_counties_come_and_go(shop: Client) -> None:
    page = shop.get(browse(state="TX", county="Harris", view="map"))
    assert page.context["other_states"] == browse(place="TX,Harris", view="map")
    states = {choice.value: choice.address for choice in page.context["window"].states}
    assert states["LA"] == browse(state="LA", place="TX,Harris", view="map")
    assert states["TX"] == browse(state="TX", view="map"), "the whole of what is open"
    open_there = shop.get(states["LA"]).context
    assert open_there["window"].stock.total == 5, "an open state is not chosen beside counties"
    areas = {area.name: area.address for area in open_there["map"].areas}
    assert areas["Caddo"] == browse(state="LA", county="Caddo", place="TX,Harris", view="map")
    back = shop.get(areas["Caddo"]).context
    states = {choice.value: choice.address for choice in back["window"].states}
    assert states["TX"] == browse(state="TX", county="Harris", place="LA,Caddo", view="map")
    without = {row.name: row.without for row in back["lines_of_places"]}
    assert without == {
        "Caddo, LA": browse(state="LA", place="TX,Harris", view="map"),
        "Harris, TX": browse(state="LA", county="Caddo", view="map"),
    }


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"state": "TX", "county": "Lee", "place": ["TX,Harris", "TX,Lee", "tx,harris county"]}, "Lee Harris"),
        ({"state": "TX", "county": "Lee", "county_of": "LA", "place": "LA,Caddo"}, "LA,Caddo"),
        ({"state": ["TX", "LA"], "county": "Lee", "county_of": "TX", "place": "AL,Lee"}, "TX LA"),
        ({"county": "Lee", "county_of": "TX", "place": "AL,Lee"}, "AL,Lee"),
    ],
    ids=["of the open state", "another state", "whole states", "the state goes"],
)
def test_what_a_form_sends_is_read_as_one_selection(shop: Client, query: dict[str, Any], places: str) -> None:
    selection: Selection = shop.get(browse(**query), headers={"HX-Request": "true"}).context["selection"]
    chosen = selection.counties or tuple(place.as_text for place in selection.elsewhere) or selection.states
    assert " ".join(chosen) == places


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"place": "Harris"}, "“Harris” is not a county and its state. Write it as LA,Caddo."),
        ({"place": "ZZ,Harris"}, "We don’t know the state “ZZ”. Choose one from the list."),
        ({"place": "TX,Caddo"}, "Texas has no county “Caddo”. Choose one from the list."),
        ({"state": ["TX", "LA"], "place": "AL,Lee"}, "Choose one state: counties are chosen within it."),
        (
            {"state": "TX", "county": "Lee", "place": [f"LA,Parish {n}" for n in range(50)]},
            "Choose 50 counties at most, or the whole state.",
        ),
    ],
)
def test_what_is_wrong_is_said(shop: Client, query: dict[str, Any], message: str) -> None:
    page = shop.get(browse(**query))
    assert (page.status_code, page.context["form"].errors) == (422, {"place": [message]})


def test_they_go_into_the_cart_into_a_territory_and_into_a_saved_search(shop: Client) -> None:
    page = shop.get(browse(**CELL, **BORDER))
    territory = page.context["territory_address"]
    assert parse_qs(urlsplit(territory).query)["places"] == ["Lee, AL\nCaddo, LA\nHarris, TX\nLee, TX"]
    shares = shop.get(territory).context["preview"].shares
    assert [share.place for share in shares] == [
        Place("AL", "Lee"), Place("LA", "Caddo"), Place("TX", "Harris"), Place("TX", "Lee"),
    ]  # fmt: skip
    back = page.context["selection"].query
    boxes = {"box": ["AL,Lee", "LA,Caddo", "TX,Harris", "TX,Lee"], "quantity": ["3", "", "2", ""]}
    added = shop.post(reverse("sales:line-add"), {**CELL, "back": back, **boxes})
    assert (added.status_code, added["Location"]) == (302, browse(**CELL, **BORDER))
    assert set(DraftLine.objects.values_list("state", "county", "quantity")) == {("AL", "Lee", 3), ("TX", "Harris", 2)}
    assert [row.in_cart for row in shop.get(browse(**CELL, **BORDER)).context["lines_of_places"]] == [3, 0, 2, 0]
    shop.post("/searches/", {"name": "Border", "filter": back})
    said = " ".join(re.sub(r"<[^>]*>", " ", shop.get("/searches/").content.decode()).split())
    assert "Gold, 6 to 8 months, 4 counties in 3 states 16 available" in said
    opened = shop.get(reverse("sales:search-open", args=[SavedSearch.objects.get().id]))
    assert opened["Location"] == browse(**CELL, **BORDER)
