"""What every answer has beside its content: the request's id in errors, what is left of the allowance, compression."""

import gzip
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from homeshield.accounts.allowances import Allowance, call_spend
from homeshield.accounts.models import ApiKey, User
from homeshield.lib.origin import well_formed
from sales.models import Sale
from tests.api.conftest import Caller
from tests.api.test_reference import by_criteria, line
from tests.factories import stock


def errors(caller: Caller, settings: Settings) -> dict[str, Any]:
    """A refusal of each kind, early ones included."""
    settings.API_MAX_BODY_BYTES = 1000
    return {
        "no key": Browser().get("/api/v1/prices"),
        "no such operation": caller.send("GET", "/api/v2/prices"),
        "method": caller.send("DELETE", "prices"),
        "host": caller.send("GET", "prices", None, Host="elsewhere.example"),
        "large": caller.post("availability", b" " * 1001),
        "chunked": caller.post("availability", b"", Transfer_Encoding="chunked"),
        "no JSON": caller.post("availability", b"{"),
        "malformed": caller.get("inventory", state="ZZ"),
        "another client": caller.get("prices", client_id=uuid4()),
        "not there": caller.get(f"purchases/{uuid4()}"),
        "short": by_criteria(caller, line(1)),
    }


def test_every_error_names_its_request(caller: Caller, settings: Settings) -> None:
    answers = errors(caller, settings)
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "no key": 401, "no such operation": 404, "method": 405, "host": 400, "large": 413, "chunked": 411,
        "no JSON": 422, "malformed": 422, "another client": 403, "not there": 404, "short": 409,
    }  # fmt: skip
    for name, answer in answers.items():
        content = answer.json()
        assert set(content) == {"detail", "request_id"}, name
        assert content["request_id"] == answer["X-Request-ID"], name
        assert well_formed(content["request_id"])
    assert len({answer["X-Request-ID"] for answer in answers.values()}) == len(answers)


class TestPlainHttp:
    @pytest.fixture(autouse=True)
    def _production(self, settings: Settings) -> None:
        settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, [r"^health$"]

    @pytest.mark.parametrize("path", ["prices", "openapi.json", "purchases/by-criteria", "/api/", "/api/v9/nothing"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_is_refused_and_not_redirected(self, caller: Caller, path: str, method: str) -> None:
        answer = caller.send(method, path, {})
        assert (answer.status_code, answer.json()["detail"]["error"]) == (403, "https_required")
        assert "revoke the key" in answer.json()["detail"]["message"]
        assert "Location" not in answer
        assert answer.json()["request_id"] == answer["X-Request-ID"]

    def test_uses_no_key_and_buys_nothing(
        self, caller: Caller, now: datetime, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        stock(1, as_of=now)
        answer = by_criteria(caller, line(1))
        assert answer.status_code == 403
        assert "RateLimit-Limit" not in answer
        assert ApiKey.objects.get().last_used_at_utc is None
        assert not Sale.objects.exists()
        said = "".join(capsys.readouterr()) + caplog.text
        assert "/api/v1/purchases/by-criteria" in said
        assert caller.key.prefix not in said
        assert caller.token not in said

    def test_health_is_answered_and_a_page_redirected(self, db: None) -> None:
        assert Browser().get("/health").status_code == 200
        assert Browser().get("/docs").status_code == 301

    def test_https_is_served(self, caller: Caller) -> None:
        secure: Any = Browser(headers={"Authorization": f"Bearer {caller.token}"})
        assert secure.get("/api/v1/prices", secure=True).status_code == 200


class TestAllowance:
    def left(self, answer: Any) -> tuple[int, int, int]:
        limit, remaining, reset = (int(answer[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))
        return limit, remaining, reset

    def test_answers_say_what_is_left(self, caller: Caller, settings: Settings) -> None:
        settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE = 6, 3
        answers = [
            caller.get("prices"),
            caller.get("inventory", state="ZZ"),
            caller.get("prices"),
            caller.get("prices"),
        ]
        assert [answer.status_code for answer in answers] == [200, 422, 200, 429]
        assert [self.left(answer)[:2] for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0)]
        assert [9 <= self.left(answer)[2] - 10 * n <= 10 for n, answer in enumerate(answers[:3])] == [True] * 3
        assert self.left(answers[3])[2] == self.left(answers[2])[2]
        assert int(answers[3]["Retry-After"]) <= 10

    def test_calls_without_a_key_have_that_of_their_address(self, db: None, settings: Settings) -> None:
        settings.API_ATTEMPTS_PER_MINUTE = 3
        answers = [Browser().get("/api/v1/prices") for _ in range(4)]
        assert [(answer.status_code, *self.left(answer)[:2]) for answer in answers] == [
            (401, 3, 2), (401, 3, 1), (401, 3, 0), (429, 3, 0),
        ]  # fmt: skip

    def test_what_counts_against_nobody_says_nothing(self, db: None) -> None:
        for path in ("/health", "/api/v1/openapi.json", "/api/v2/"):
            assert "RateLimit-Limit" not in Browser().get(path)

    def test_it_fills_steadily(self, db: None, as_of: datetime, settings: Settings) -> None:
        settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE = 6, 3
        key_id = uuid4()
        at = {
            seconds: call_spend(key_id=key_id, as_of=as_of + timedelta(seconds=seconds))
            for seconds in (0, 1, 2, 9, 10, 60)
        }
        assert at == {
            0: Allowance(limit=3, remaining=2, reset=10),
            1: Allowance(limit=3, remaining=1, reset=19),
            2: Allowance(limit=3, remaining=0, reset=28),
            9: Allowance(limit=3, remaining=0, reset=21, wait=1),
            10: Allowance(limit=3, remaining=0, reset=30),
            60: Allowance(limit=3, remaining=2, reset=10),
        }


class TestCompression:
    @pytest.fixture
    def zipping(self, caller: Caller, now: datetime) -> Caller:
        stock(30, as_of=now)
        return caller

    def get(self, caller: Caller, path: str, accepts: str = "gzip", **query: Any) -> Any:
        return caller.send("GET", path, query, Accept_Encoding=accepts)

    @pytest.mark.parametrize("path", ["inventory", "inventory/facets", "prices", "openapi.json"])
    def test_answers_are_compressed_where_that_is_asked_for(self, zipping: Caller, path: str) -> None:
        plain, short = self.get(zipping, path, accepts="identity"), self.get(zipping, path)
        assert (plain.get("Content-Encoding"), short["Content-Encoding"]) == (None, "gzip")
        assert "Accept-Encoding" in plain["Vary"]
        assert "Accept-Encoding" in short["Vary"]
        assert len(short.content) == int(short["Content-Length"]) < len(plain.content)
        assert {**json.loads(gzip.decompress(short.content)), "as_of": 0, "next_cursor": 0} == {
            **plain.json(), "as_of": 0, "next_cursor": 0,
        }  # fmt: skip

    @pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "deflate, gzip; q=0.0"])
    def test_nobody_gets_it_who_does_not_ask(self, zipping: Caller, accepts: str) -> None:
        assert "Content-Encoding" not in self.get(zipping, "inventory", accepts=accepts)

    def test_what_repeats_what_was_sent_is_not_compressed(self, zipping: Caller) -> None:
        answer = self.get(zipping, "inventory", **{f"name{n}": "x" for n in range(30)})
        assert (answer.status_code, answer.get("Content-Encoding")) == (422, None)
        assert len(answer.content) > 1000

    def test_a_download_is_not_compressed(self, zipping: Caller) -> None:
        bought = by_criteria(zipping, line(20))
        answer = self.get(zipping, f"{bought['Location']}/download")
        assert (answer.status_code, answer.get("Content-Encoding")) == (200, None)

    def test_a_page_is_not_compressed(self, client: Browser, buyer: User) -> None:
        client.force_login(buyer)
        for path in ("/orders/", "/leads/", "/accounts/team/"):
            page = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert (path, page.status_code, page.get("Content-Encoding")) == (path, 200, None)
