"""A line over several places, as programs send it and are answered."""

from datetime import datetime
from typing import Any

import pytest

from leads.geography import STATES
from sales.models import Order, Sale
from tests.api.conftest import Caller
from tests.api.test_reference import BOUGHT, by_criteria
from tests.factories import stock

pytestmark = pytest.mark.django_db

CADDO, BOSSIER, TEXAS = {"state": "LA", "county": "Caddo"}, {"state": "LA", "county": "Bossier"}, {"state": "TX"}


def over(quantity: int, *places: dict[str, str], **more: Any) -> dict[str, Any]:
    cell = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"}
    return cell | {"quantity": quantity, "territory": list(places)} | more


def became(answer: Any) -> list[tuple[str, str | None, int, str, int | None]]:
    return [
        (one["state"], one["county"], one["quantity"], one["amount"], one["territory_index"])
        for one in answer.json()["lines"]
    ]


def test_a_territory_is_bought_and_the_answer_says_what_lines_it_became(caller: Caller, now: datetime) -> None:
    stock(3, as_of=now)
    stock(20, as_of=now, county="Bossier")
    stock(20, as_of=now, state="TX", county="Harris")
    whole = {key: value for key, value in over(1, BOSSIER).items() if key != "territory"}
    lines = [whole | BOSSIER, over(17, TEXAS, BOSSIER, {"state": "LA", "county": "Caddo Parish"})]

    asked = caller.post("availability", {"criteria": lines}).json()["criteria"]
    assert [asked[0]["places"], asked[1]["available"], asked[1]["state"], asked[1]["amount"]] == [
        None, 43, None, "136.00",
    ]  # fmt: skip
    assert [tuple(place.values()) for place in asked[1]["places"]] == [
        ("LA", "Bossier", 20, 7, "56.00"), ("LA", "Caddo", 3, 3, "24.00"), ("TX", None, 20, 7, "56.00"),
    ]  # fmt: skip

    answer = by_criteria(caller, *lines, Idempotency_Key="once")

    assert answer.status_code == 200, answer.json()
    assert became(answer) == [
        ("LA", "Bossier", 1, "8.00", None),
        ("LA", "Bossier", 7, "56.00", 1), ("LA", "Caddo", 3, "24.00", 1), ("TX", None, 7, "56.00", 1),
    ]  # fmt: skip
    order = Order.objects.get()
    assert answer.json().items() >= (BOUGHT | {"total_paid": "144.00"} | dict.fromkeys(ITEMS, 18)).items()
    assert [line.territory_label for line in order.lines.all()] == ["", *["3 places in 2 states"] * 3]
    counties = Sale.objects.order_by("line_number").values_list("line_number", "lead__county")
    assert sorted(counties) == [
        (1, "Bossier"), *[(2, "Bossier")] * 7, *[(3, "Caddo")] * 3, *[(4, "Harris")] * 7,
    ]  # fmt: skip
    spelled = [lines[0], over(17, BOSSIER, CADDO, TEXAS)]
    assert by_criteria(caller, *spelled, Idempotency_Key="once").json()["order_id"] == str(order.id)
    found = caller.get(f"purchases/{order.id}").json()["lines"]
    assert found == answer.json()["lines"]
    assert by_criteria(caller, *lines[:1], over(17, BOSSIER), Idempotency_Key="once").status_code == 422


ITEMS = ("items_requested", "items_purchased")


@pytest.mark.parametrize(
    ("share", "shares"),
    [("evenly", [2, 2]), ("by_stock", [1, 3]), ("lapsing_first", [4])],
    ids=["evenly", "by_stock", "lapsing_first"],
)
def test_it_is_shared_as_the_line_says(caller: Caller, now: datetime, share: str, shares: list[int]) -> None:
    stock(3, as_of=now)
    stock(9, as_of=now, county="Bossier")
    stock(4, as_of=now, county="Acadia", age_days=260)
    places = [CADDO, BOSSIER] if share != "lapsing_first" else [CADDO, BOSSIER, {"state": "LA", "county": "Acadia"}]
    answer = by_criteria(caller, over(4, *places, share=share))
    assert sorted(one["quantity"] for one in answer.json()["lines"]) == shares
    assert share != "lapsing_first" or became(answer)[0][1] == "Acadia"


def test_a_territory_is_short_only_where_all_its_places_together_are(caller: Caller, now: datetime) -> None:
    stock(2, as_of=now)
    stock(3, as_of=now, county="Bossier")
    stock(4, as_of=now, county="Acadia")
    stock(6, as_of=now, age_days=300)
    answer = by_criteria(caller, over(6, CADDO, BOSSIER))
    assert answer.status_code == 409
    detail = answer.json()["detail"]
    assert (detail["requested"], detail["available"], detail["item_index"]) == (6, 5, None)
    assert detail["criteria"] == "Gold MONTH_6_TO_8 territory=LA/Bossier, LA/Caddo evenly qty=6"
    assert [tuple(offer.values()) for offer in detail["alternatives"]] == [
        ("Purchase 5 available leads ($40.00)", 5, "partial"),
        ("Remove location filter (9 available without Bossier and Caddo, LA filter)", 9, "no_location_filter"),
        ("Try MONTH_9_TO_11 age bucket (6 available in Bossier and Caddo, LA)", 6, "different_age_bucket"),
        ("Try the whole state (9 available in LA)", 9, "whole_state"),
    ]
    assert not Sale.objects.exists()


FIFTY_ONE = [{"state": state} for state in sorted(STATES)[:51]]


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        (over(1), ["territory"], "List should have at least 1 item after validation, not 0"),
        (over(1, *FIFTY_ONE), ["territory"], "List should have at most 50 items after validation, not 51"),
        (over(1, CADDO, BOSSIER, CADDO), ["territory"], "Caddo, LA is in the territory twice."),
        (
            over(1, {"state": "LA", "county": "Caddo Parish"}, CADDO),
            ["territory"], "Caddo, LA is in the territory twice.",
        ),
        (over(1, CADDO, {"state": "LA"}), ["territory"], "Caddo, LA lies in LA: name one of them."),
        (
            over(1, CADDO, state="LA"),
            ["territory"], "A line has a state and county or a territory, not both: leave one out.",
        ),
        (over(1, CADDO, {"county": "Bossier"}), ["territory", 1, "state"], "Field required"),
        (over(1, CADDO, share="at random"), ["share"], "Input should be 'evenly', 'by_stock' or 'lapsing_first'"),
        (
            {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 1, "share": "evenly"},
            ["share"], "Only a territory is shared: name its places.",
        ),
    ],
    ids=["none", "51", "twice", "two spellings", "overlap", "beside a state", "no state", "share", "share alone"],
)  # fmt: skip
def test_what_is_no_territory_is_refused_at_its_place(
    caller: Caller, now: datetime, line: dict[str, Any], place: list[str | int], message: str
) -> None:
    stock(2, as_of=now)
    answer = by_criteria(caller, line)
    assert answer.status_code == 422
    assert [(one["loc"], one["msg"]) for one in answer.json()["detail"]] == [(["body", "criteria", 0, *place], message)]
    assert not Sale.objects.exists()
