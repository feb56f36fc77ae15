"""Texts that nothing can hold (NUL, halves of surrogate pairs), or without end: refused at their place, never 5xx."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from homeshield.accounts.models import User
from homeshield.openapi import HEALTH
from sales.models import Order, Sale
from tests.api.conftest import Caller
from tests.api.test_schema import DESCRIPTION, resolved
from tests.factories import stock

PLAIN = "01234567-89ab-cdef-0123-456789abcdef"
WRONG = {"half": "\ud800", "other half": "LA\udfff", "NUL": "\x00", "within": "Cad\x00do"}

type Place = tuple[str | int, ...]


def bodies() -> dict[str, Any]:
    """An example of each operation's body."""
    return {
        re.sub(r"{\w+}", PLAIN, path): resolved(body["content"]["application/json"]["schema"])["examples"][0]
        for path, one in DESCRIPTION["paths"].items()
        if (body := one.get("post", {}).get("requestBody"))
    }


def texts(part: Any, place: Place = ()) -> Iterator[Place]:
    """Where the texts of a body are."""
    match part:
        case str():
            yield place
        case dict():
            for name, value in part.items():
                yield from texts(value, (*place, name))
        case list():
            for number, value in enumerate(part):
                yield from texts(value, (*place, number))


def replaced(part: Any, place: Place, text: str) -> Any:
    if not place:
        return text
    first, rest = place[0], place[1:]
    if isinstance(part, dict):
        return part | {first: replaced(part[first], rest, text)}
    return [replaced(one, rest, text) if number == first else one for number, one in enumerate(part)]


PLACES = [(path, place) for path, body in bodies().items() for place in texts(body)]


def test_there_are_texts_in_every_body() -> None:
    assert {path for path, _ in PLACES} == set(bodies())
    assert len(PLACES) > 12


@pytest.mark.parametrize("text", WRONG.values(), ids=list(WRONG))
def test_a_text_that_nothing_can_hold_is_named_with_its_place(caller: Caller, now: datetime, text: str) -> None:
    stock(1, as_of=now)
    for path, place in PLACES:
        answer = caller.post(path.lstrip("/"), json.dumps(replaced(bodies()[path], place, text)).encode())
        assert answer.status_code == 422, (path, place, answer.content)
        assert answer.json()["detail"] == [
            {"loc": ["body", *place], "msg": answer.json()["detail"][0]["msg"], "type": "string_unicode"}
        ]
        assert answer.content.isascii()
    assert not Sale.objects.exists()


@pytest.mark.parametrize("name", ["\ud800", "a\x00", "n" * 5000])
def test_a_name_that_is_none_is_named_and_cut_off(caller: Caller, name: str) -> None:
    for path, body in bodies().items():
        named = [{name: "x"} | body[0]] if isinstance(body, list) else {name: "x"} | body
        answer = caller.post(path.lstrip("/"), json.dumps(named).encode())
        assert answer.status_code == 422, (path, answer.content)
        place = answer.json()["detail"][0]["loc"]
        assert place[0] == "body"
        assert len(str(place[-1])) <= 100
        assert not set(str(place[-1])) & {"\ud800", "\x00"}


@pytest.mark.parametrize("text", [b'"\xed\xa0\x80"', b'"\xff"', '"Caddo"'.encode("utf-16")])
def test_a_body_that_is_not_utf_8_is_refused(caller: Caller, text: bytes) -> None:
    answer = caller.post("availability", b'{"criteria": [{"state": ' + text + b"}]}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body"]


def test_whole_characters_beyond_the_first_plane_are_texts_like_others(caller: Caller) -> None:
    asked = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "state": "LA", "county": "\U0001f3e0"}
    answer = caller.post("availability", json.dumps({"criteria": [asked]}).encode())  # written as a pair of escapes
    assert answer.json()["criteria"][0]["county"] == "\U0001f3e0"


@pytest.mark.parametrize("text", ["%00", "%ED%A0%80", "%FF", "a" * 3000, "%F0%9F%8F%A0", "NaN", "1e999", "%0A", "-1"])
def test_no_address_and_no_header_is_answered_with_a_mistake_of_ours(caller: Caller, text: str) -> None:
    """Every parameter of every operation, and names that are none."""
    for path, methods in DESCRIPTION["paths"].items():
        for method, one in methods.items():
            if path == HEALTH:
                continue
            for parameter in [*one.get("parameters", []), {"in": "query", "name": text}]:
                address, headers = path.lstrip("/").replace("{order_id}", PLAIN), {}
                match parameter["in"]:
                    case "query":
                        address += f"?{parameter['name']}={text}"
                    case "path":
                        address = path.lstrip("/").replace("{order_id}", text)
                    case "header":
                        headers = {parameter["name"]: text}
                answer = caller.send(method.upper(), address, {} if method == "post" else None, **headers)
                assert answer.status_code in (200, 404, 422), (address, answer.content)


@pytest.mark.parametrize("text", ["%00", "%ED%A0%80", "a" * 5000])
def test_no_form_of_a_buyer_s_page_is_answered_with_a_mistake_of_ours(
    client: Any, buyer: User, now: datetime, text: str
) -> None:
    """Each field that a form or a list reads, in turn."""
    client.force_login(buyer)
    client.raise_request_exception = False
    stock(1, as_of=now)
    right = {"state": "LA", "county": "Caddo", "classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": "1"}
    others = ["draft_id", "version", "expected_total", f"quantity-{PLAIN}", "cursor", "county_of", text]
    for field in [*right, *others]:
        form = "&".join(f"{name}={value}" for name, value in (right | {field: text}).items())
        for address in ("lines/", "quantities/", "buy/", f"lines/{PLAIN}/replace/"):
            answer = client.post(f"/order/{address}", form, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (address, field)
        for address in ("/inventory/", "/orders/", "/order/lines/quote/"):
            assert client.get(f"{address}?{form}").status_code < 500, (address, field)
    assert not Order.objects.exists()
