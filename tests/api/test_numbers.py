"""Numbers in an address are digits, and in a body JSON's: neither `1_0` nor "10" is one."""

from typing import Any

import pytest

from homeshield.api import api
from tests.api.conftest import Caller

DESCRIPTION: Any = api.get_openapi_schema(path_prefix="/api/v1/")
NUMBERS = [
    (path, parameter["name"])
    for path, operations in DESCRIPTION["paths"].items()
    for operation in operations.values()
    for parameter in operation.get("parameters", [])
    if parameter["schema"].get("type") in {"integer", "number"}
]
NO_NUMBERS = ["1_0", "1e1", "+10", "-10", " 10", "10.0", "1,000", "١٠", "１０", "NaN", "", "9" * 5000]


def test_there_are_such_numbers() -> None:
    assert {name for _, name in NUMBERS} >= {"limit"}


@pytest.mark.parametrize(("path", "name"), NUMBERS)
def test_what_is_no_number_in_an_address_is_refused_at_its_place(caller: Caller, path: str, name: str) -> None:
    assert "{" not in path
    for text in NO_NUMBERS:
        answer = caller.get(path, **{name: text})
        assert (text, answer.status_code) == (text, 422)
        assert [error["loc"] for error in answer.json()["detail"]] == [["query", name]]


@pytest.mark.parametrize(("path", "name"), NUMBERS)
def test_digits_are_taken(caller: Caller, path: str, name: str) -> None:
    assert caller.get(path, **{name: "10"}).status_code == 200


@pytest.mark.parametrize("quantity", ["10", "1_0", "1e1", True])
def test_no_text_in_a_body_is_a_number(caller: Caller, quantity: object) -> None:
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": quantity}
    body = {"client_id": str(caller.client.id), "criteria": [line]}
    answer = caller.post("purchases/by-criteria", body)
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "criteria", 0, "quantity"]]
