"""The shop refuses a request before it has read its body. The connection serves on or says that it closes."""

import http.client
from contextlib import closing

import pytest
from django.conf import settings

from tests.homeshield.front.serving import Served

pytestmark = pytest.mark.django_db  # or no test database is made when these run alone

BODY = b"a" * 200_000
TOO_LARGE = b"a" * (settings.API_MAX_BODY_BYTES + 1)
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

REFUSALS = {
    "no key": ("/api/v1/quotes", BODY, JSON, 401),
    "no such operation": ("/api/v1/nothing", BODY, JSON, 404),
    "method": ("/health", BODY, JSON, 405),
    "no token": ("/accounts/login/", BODY, FORM, 403),
    "no such page": ("/nothing/", BODY, FORM, 404),
    "too large for the API": ("/api/v1/quotes", TOO_LARGE, JSON, 413),
    "too large for nginx": ("/api/v1/quotes", TOO_LARGE * 4, JSON, 413),
    "host": ("/", BODY, FORM | {"Host": "elsewhere.example"}, 400),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_the_connection_serves_on_or_is_closed_by_word(front: Served, why: str) -> None:
    path, body, headers, status = REFUSALS[why]
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)) as visitor:
        visitor.request("POST", path, body, headers)
        answer = visitor.getresponse()
        assert answer.status == status, answer.read()[:500]
        assert answer.read()
        if answer.headers.get("Connection") == "close":
            assert why == "too large for nginx"
            return
        visitor.request("GET", "/health")  # http.client would open another connection only where this one was closed
        assert visitor.getresponse().status == 200


def test_a_body_in_pieces_is_taken(front: Served) -> None:
    """nginx collects it, and tells the shop its length."""
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)) as visitor:
        visitor.request("POST", "/api/v1/quotes", iter([b"{", b"}"]), JSON, encode_chunked=True)
        answer = visitor.getresponse()
        assert (answer.status, b"not_authenticated" in answer.read()) == (401, True)


@pytest.mark.parametrize("headers", [{"X-Long": "a" * 60_000}, {f"X-{number}": "a" for number in range(500)}])
def test_what_nginx_takes_of_headers_the_shop_behind_it_takes_as_well(front: Served, headers: dict[str, str]) -> None:
    """gunicorn would refuse them with a page of its own, programs too."""
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)) as visitor:
        visitor.request("GET", "/api/v1/prices", headers=headers)
        answer = visitor.getresponse()
        assert (answer.status, b"not_authenticated" in answer.read()) == (401, True)
