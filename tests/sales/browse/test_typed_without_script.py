"""Quantities in boxes where no script keeps them: they go with each form and each address."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from sales.models import DraftLine

CELL = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"}


def browse(**query: Any) -> str:
    return f"/inventory/?{urlencode(query, doseq=True)}"


FORM = {
    **dict.fromkeys(("classification", "age_bucket", "view", "tab"), ""),
    **{"state": "LA", "county": ["Allen", "Caddo"], "county_of": "LA"},
    **{"typed": "TX:9", "box": ["LA,Allen", "LA,Caddo"], "quantity": ["", "37"]},
}


@pytest.mark.parametrize(
    ("pressed", "cell", "view"),
    [
        ({}, {}, {}),
        ({"set": "classification=Gold&age_bucket=MONTH_6_TO_8"}, CELL, {}),
        ({"set": "tab=later"}, {}, {"tab": "later"}),
        ({"set": "state=TX&typed=&view=map"}, {}, {"view": "map"}),
    ],
    ids=["filter", "cell", "tab", "nothing else"],
)
def test_the_filter_its_buttons_and_its_boxes_become_one_address(
    shop: Client, pressed: dict[str, str], cell: dict[str, str], view: dict[str, str]
) -> None:
    response = shop.get(browse(**FORM, **pressed))
    place = {"state": "LA", "county": ["Allen", "Caddo"]}
    expected = browse(**cell, **place, **view, typed=["TX:9", "LA,Caddo:37"])
    assert (response.status_code, response["Location"]) == (302, expected)


def test_an_address_fills_its_boxes_and_carries_the_others(shop: Client) -> None:
    page = shop.get(browse(**CELL, state="LA", typed=["LA:5,0", "TX:9", "LA,Caddo:abc", "ZZ:1", "LA,Secret:2"]))
    assert [(row.place, row.typed) for row in page.context["lines_of_places"]] == [("LA", "5,0")]
    assert page.context["carried"] == ["TX:9"]
    assert page.context["tabs"][1][2] == browse(**CELL, state="LA", tab="preview", typed=["LA:5,0", "TX:9"])
    filled = shop.get(browse(state=["LA", "TX"], typed=["LA:2"], fill="50"))
    assert [row.typed for row in filled.context["lines_of_places"]] == ["50", "50"]
    everywhere = shop.get(browse(box="", quantity="5"))
    assert everywhere["Location"] == browse(typed=":5")
    assert shop.get(everywhere["Location"]).context["lines_of_places"][0].typed == "5"


def test_with_a_script_the_address_has_none(shop: Client) -> None:
    response = shop.get(browse(state="LA", typed="LA:5"), headers={"HX-Request": "true"})
    assert response["HX-Push-Url"] == browse(state="LA")


@pytest.mark.parametrize(("quantity", "left"), [("37", ["TX:9"]), ("0", ["TX:9", "LA,Caddo:0"])])
def test_what_is_added_is_typed_no_more_and_a_refusal_keeps_it(shop: Client, quantity: str, left: list[str]) -> None:
    response = shop.post("/order/lines/", {**FORM, **CELL, "quantity": ["", quantity]})
    if quantity == "0":
        assert response.status_code == 422
        assert [row.typed for row in response.context["lines_of_places"]] == ["", "0"]
        assert response.context["selection"].typed_texts == left
        assert not DraftLine.objects.exists()
    else:
        assert response["Location"] == browse(**CELL, state="LA", county=["Allen", "Caddo"], typed=left)
        assert DraftLine.objects.get().quantity == 37
