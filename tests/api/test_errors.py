"""What is refused, and how it is said: one shape, the place and the reason, never HTML or a trace."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client as Browser
from pytest_django import Settings

from homeshield.accounts.allowances import attempt_spend
from homeshield.accounts.models import ApiAllowance
from sales.models import Order, Sale
from tests.api.conftest import Caller
from tests.api.test_reference import by_criteria, by_ids, line
from tests.factories import stock


def places(answer: Any) -> list[tuple[list[Any], str]]:
    assert answer.status_code == 422, answer.content
    return [(one["loc"], one["msg"]) for one in answer.json()["detail"]]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"classification": "Bronze"}, "classification"),
        ({"age_bucket": "MONTH_1"}, "age_bucket"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1001}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"state": "Louisiana"}, "state"),
        ({"state": None}, "county"),
        ({"county": "Cad\x00do"}, "county"),
        ({"countie": "Caddo"}, "countie"),
    ],
)
def test_a_malformed_line_is_named_with_its_place(
    caller: Caller, now: datetime, changed: dict[str, Any], place: str
) -> None:
    stock(1, as_of=now)
    found = places(by_criteria(caller, line(1), line(1) | changed))
    assert [loc for loc, _ in found] == [["body", "criteria", 1, place]]
    assert not Sale.objects.exists()


def test_a_county_without_a_state_says_what_to_do(caller: Caller) -> None:
    body = {"client_id": str(caller.client.id), "criteria": [{k: v for k, v in line(1).items() if k != "state"}]}
    assert places(caller.post("purchases/by-criteria", body)) == [
        (["body", "criteria", 0, "county"], "A county is chosen within a state: name the state as well.")
    ]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"state": "ZZ"}, "state"),
        ({"classification": "gold"}, "classification"),
        ({"age_bucket": ""}, "age_bucket"),
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"cursor": "!"}, "cursor"),
        ({"cursor": "bm90aGluZw"}, "cursor"),
        ({"county": "a\x00"}, "county"),
    ],
)
def test_a_malformed_filter_is_named(caller: Caller, query: dict[str, Any], place: str) -> None:
    assert [loc for loc, _ in places(caller.get("inventory", **query))] == [["query", place]]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("inventory?stat=LA", "stat"),
        ("inventory?state=LA&state=TX", "state"),
        ("inventory/locations?state=LA", "state"),
        ("inventory/facets?limit=5", "limit"),
        ("purchases?client_id=me", "client_id"),
        (f"purchases/{UUID(int=1)}?sale_ids=1", "sale_ids"),
    ],
)
def test_a_parameter_that_is_none_of_the_operation_s_is_named(caller: Caller, query: str, place: str) -> None:
    assert [loc for loc, _ in places(caller.send("GET", query))] == [["query", place]]


def test_what_there_is_instead_of_a_misspelt_parameter_is_said(caller: Caller) -> None:
    [(_, said)] = places(caller.get("purchases", page=2))
    assert said == (
        "This operation has no parameter of this name. "
        "Those that there are: cursor, idempotency_key, limit, placed_from, placed_until."
    )


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"placed_from": "2026-06-01"}, "placed_from"),
        ({"placed_from": "2026-06-01T12:00:00"}, "placed_from"),
        ({"placed_until": "1780315200"}, "placed_until"),
        ({"placed_until": "0001-01-01T00:00:00+05:00"}, "placed_until"),
        ({"placed_from": "yesterday\x00"}, "placed_from"),
        ({"placed_from": "2026-06-02T00:00:00Z", "placed_until": "2026-06-01T00:00:00Z"}, "placed_until"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "x" * 201}, "idempotency_key"),
        ({"idempotency_key": "a\x00"}, "idempotency_key"),
    ],
)
def test_a_malformed_filter_of_orders_is_named(caller: Caller, query: dict[str, Any], place: str) -> None:
    assert [loc for loc, _ in places(caller.get("purchases", **query))] == [["query", place]]


def test_a_purchase_with_a_parameter_that_is_ignored_elsewhere_buys_nothing(caller: Caller, now: datetime) -> None:
    stock(1, as_of=now)
    body = {"client_id": str(caller.client.id), "criteria": [line(1)]}
    assert places(caller.post("purchases/by-criteria?dry_run=true", body))[0][0] == ["query", "dry_run"]
    assert not Sale.objects.exists()


def test_the_own_client_may_be_named_in_any_address(caller: Caller) -> None:
    assert caller.get("prices", client_id=caller.client.id).status_code == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"quantity": 1, "quantity": 2', '"quantity" appears twice in one object. Send it once.'),
        ('"quantity": NaN', "NaN is not a JSON number."),
        ('"quantity": Infinity', "Infinity is not a JSON number."),
    ],
)
def test_json_that_can_be_read_in_two_ways_buys_nothing(caller: Caller, now: datetime, text: str, said: str) -> None:
    stock(2, as_of=now)
    body = json.dumps({"client_id": str(caller.client.id), "criteria": [line(1)]}).replace('"quantity": 1', text)
    answer = caller.post("purchases/by-criteria", body.encode())
    assert places(answer) == [(["body"], f"The request body is not valid JSON: {said}")]
    assert not Sale.objects.exists()


@pytest.mark.parametrize("digits", [50, 5000])
def test_a_number_without_bounds_is_named_with_its_place(caller: Caller, digits: int) -> None:
    body = json.dumps({"client_id": str(caller.client.id), "criteria": [line(1)]})
    answer = caller.post("purchases/by-criteria", body.replace('"quantity": 1', f'"quantity": {"9" * digits}').encode())
    assert [loc for loc, _ in places(answer)] == [["body", "criteria", 0, "quantity"]]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff", b"[" * 100_000, b"null", b"[]", b'"text"'])
def test_a_body_that_is_no_json_object(caller: Caller, body: bytes) -> None:
    answer = caller.post("purchases/by-criteria", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["detail"][0]["loc"][0] == "body"


def test_ids_must_be_ids(caller: Caller) -> None:
    body = {"client_id": "me", "inventory_item_ids": ["1"]}
    assert [loc for loc, _ in places(caller.post("purchases", body))] == [
        ["body", "client_id"],
        ["body", "inventory_item_ids", 0],
    ]
    assert places(caller.get("purchases/nonsense"))[0][0] == ["path", "order_id"]


def test_how_much_fits_into_a_call(caller: Caller, settings: Settings) -> None:
    assert places(by_criteria(caller, *[line(1)] * 51))[0][0] == ["body", "criteria"]
    assert by_criteria(caller, *[line(1)] * 50).status_code == 409
    assert places(by_ids(caller, [uuid4() for _ in range(1001)]))[0][0] == ["body", "inventory_item_ids"]
    assert by_ids(caller, [uuid4() for _ in range(1000)]).status_code == 404
    assert places(by_criteria(caller))[0][0] == ["body", "criteria"]
    answer = caller.post("quotes", b" " * (settings.API_MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["detail"]["error"]) == (413, "too_large")
    answer = caller.post("quotes", b"{}", Transfer_Encoding="chunked")
    assert (answer.status_code, answer.json()["detail"]["error"]) == (411, "length_required")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("POST", "/api/v2/inventory", 404),
        ("POST", "openapi.json", 405),
        ("POST", "/health", 405),
        ("HEAD", "inventory", 405),
        ("OPTIONS", "inventory", 405),
        ("GET", "/api/v2/inventory", 404),
        ("GET", "inventory/", 404),
        ("POST", "inventory", 405),
        ("DELETE", "prices", 405),
        ("GET", "purchases/by-criteria", 405),
    ],
)
def test_what_django_refuses_by_itself_has_the_same_shape(caller: Caller, method: str, path: str, status: int) -> None:
    answer = caller.send(method, path)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert (status == 405) == ("Allow" in answer)
    if method == "HEAD":
        return
    assert set(answer.json()) == {"detail", "request_id"}
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert set(answer.json()["detail"]) == {"error", "message"}


def test_a_host_that_is_not_ours_is_refused_in_the_same_shape(caller: Caller) -> None:
    answer = caller.send("GET", "prices", None, Host="elsewhere.example")
    assert (answer.status_code, answer.json()["detail"]["error"]) == (400, "bad_request")
    assert int(answer.get("Content-Length", len(answer.content))) == len(answer.content)


class TestIdempotency:
    def test_a_repeat_gets_the_first_answer_and_sells_nothing_more(self, caller: Caller, now: datetime) -> None:
        stock(4, as_of=now)
        first, second = (by_criteria(caller, line(2), Idempotency_Key="k-1") for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 200)
        assert second.json() == first.json() | {"replayed": True}
        assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
        assert first["Location"] == second["Location"]
        assert Sale.objects.count() == 2

    def test_without_a_key_each_request_is_its_own(self, caller: Caller, now: datetime) -> None:
        stock(4, as_of=now)
        first, second = (by_criteria(caller, line(2)).json() for _ in range(2))
        assert set(first["sale_ids"]).isdisjoint(second["sale_ids"])

    def test_the_same_key_with_another_body(self, caller: Caller, now: datetime) -> None:
        (record, *_) = stock(4, as_of=now)
        by_criteria(caller, line(1), Idempotency_Key="k")
        for again in (
            by_criteria(caller, line(2), Idempotency_Key="k"),
            by_ids(caller, [record.id], Idempotency_Key="k"),
        ):
            assert (again.status_code, again.json()["detail"]["error"]) == (422, "idempotency_key_reused")
        assert Sale.objects.count() == 1

    def test_a_refusal_keeps_no_key(self, caller: Caller, now: datetime) -> None:
        assert by_criteria(caller, line(2), Idempotency_Key="k").status_code == 409
        stock(3, as_of=now)
        assert by_criteria(caller, line(2), Idempotency_Key="k").status_code == 200
        assert by_criteria(caller, line(2), Idempotency_Key="k").status_code == 200
        assert Sale.objects.count() == 2

    def test_keys_of_other_clients_have_nothing_to_do_with_it(
        self, caller: Caller, other: Caller, now: datetime
    ) -> None:
        stock(2, as_of=now)
        for one in (caller, other):
            assert by_criteria(one, line(1), Idempotency_Key="k").status_code == 200
        assert Order.objects.count() == 2

    @pytest.mark.parametrize("key", ["x" * 201, "  ", "é"])
    def test_a_key_is_a_short_text(self, caller: Caller, key: str) -> None:
        assert places(by_criteria(caller, line(1), Idempotency_Key=key))[0][0] == ["header", "Idempotency-Key"]


class TestRates:
    def test_calls_beyond_the_allowance_wait_and_say_how_long(self, caller: Caller, settings: Settings) -> None:
        settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE = 6, 3
        answers = [caller.get("prices") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["detail"]["error"] == "rate_limited"
        assert 8 <= int(answers[-1]["Retry-After"]) <= 10

    def test_each_key_has_its_own(self, caller: Caller, other: Caller, settings: Settings) -> None:
        settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE = 1, 1
        assert [one.get("prices").status_code for one in (caller, caller, other)] == [200, 429, 200]


class TestWithoutAKey:
    @pytest.fixture(autouse=True)
    def _three_attempts(self, settings: Settings) -> None:
        settings.API_ATTEMPTS_PER_MINUTE = 3

    def attempt(self, address: str = "192.0.2.7", **headers: str) -> Any:
        return Browser(headers=headers, REMOTE_ADDR=address).get("/api/v1/prices")

    @pytest.mark.parametrize("header", ["", "Bearer hs_live_nothing", f"Bearer hs_live_{'a' * 12}_{'b' * 40}"])
    def test_attempts_from_one_address_are_held_up(self, db: None, header: str) -> None:
        answers = [self.attempt(Authorization=header) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[-1].json()["detail"]["error"] == "too_many_attempts"
        assert 19 <= int(answers[-1]["Retry-After"]) <= 20

    def test_nobody_else_is_held_up(self, caller: Caller) -> None:
        statuses = [self.attempt().status_code for _ in range(5)]
        assert statuses[-1] == 429
        assert self.attempt(Authorization=f"Bearer {caller.token}").status_code == 200
        assert self.attempt("192.0.2.8").status_code == 401

    def test_one_network_of_ipv6_is_one_caller(self, db: None) -> None:
        statuses = [self.attempt(f"2001:db8::{n:x}").status_code for n in range(1, 5)]
        assert statuses == [401, 401, 401, 429]
        assert self.attempt("2001:db8:0:1::1").status_code == 401

    def test_what_is_over_leaves_the_table(self, db: None, as_of: datetime) -> None:
        for n in range(6):
            attempt_spend(address=f"192.0.2.{n}", as_of=as_of)
        assert ApiAllowance.objects.count() == 6
        for n in range(2):
            attempt_spend(address=f"198.51.100.{n}", as_of=as_of + timedelta(minutes=2))
        left = set(ApiAllowance.objects.values_list("subject", flat=True))
        assert left == {"address:198.51.100.0", "address:198.51.100.1"}


def test_a_call_that_is_refused_for_its_client_counts_as_well(
    caller: Caller, other: Caller, settings: Settings
) -> None:
    settings.API_CALLS_AT_ONCE = settings.API_CALLS_PER_MINUTE = 2
    answers = [caller.get("prices", client_id=other.client.id) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]


def broken(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("connection to 10.0.0.1 failed for Ada Fontenot")


def test_a_database_that_does_not_answer_is_503(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        answer, health = caller.get("prices"), caller.get("/health")
    assert (answer.status_code, answer.json()["detail"]["error"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert "Ada" not in answer.content.decode()
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")


@pytest.mark.parametrize("debug", [True, False])
def test_our_own_mistakes_show_nothing_of_the_inside(
    caller: Caller, settings: Settings, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    settings.DEBUG = debug

    def mistake(*args: Any, **kwargs: Any) -> Any:
        raise KeyError("Ada Fontenot")

    monkeypatch.setattr("pricing.api.price_book", mistake)
    answer = caller.get("prices")
    assert (answer.status_code, answer.json()["detail"]["error"]) == (500, "server_error")
    assert "Ada" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    assert json.loads(answer.content)


def test_a_call_with_too_many_parameters_is_told_so(caller: Caller) -> None:
    """Django reads a thousand at most."""
    answer = caller.get("prices", **{f"p{number}": "1" for number in range(1_001)})
    assert answer.status_code == 400
    assert answer.json()["detail"] == {
        "error": "too_many_fields",
        "message": "A form or an address has 1,000 fields at most. Nothing was done. Send fewer at a time.",
    }
