"""Which request id and which address a request is known by."""

import re

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from homeshield.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

MADE = re.compile(r"[0-9a-f]{32}")


def attempt(client: Browser, **headers: str) -> tuple[str, AuditEvent]:
    """The id in the answer to a failed sign-in, and its event."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.post("/accounts/login/", {"login": "a@b.example", "password": "x"}, headers=named)
    return answer["X-Request-ID"], AuditEvent.objects.latest("id")


def test_each_request_has_an_id_of_its_own_which_visitors_do_not_choose(client: Browser) -> None:
    first, event = attempt(client, X_Request_ID="chosen-by-the-visitor", X_Forwarded_For="203.0.113.7")
    second, _ = attempt(client)
    assert MADE.fullmatch(first)
    assert first != second
    assert (event.request_id, event.address) == (first, "127.0.0.1")


def test_behind_a_proxy_of_ours_its_id_and_the_visitors_address_are_taken(client: Browser, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    given, event = attempt(client, X_Request_ID="edge-7.2026_a1", X_Forwarded_For="198.51.100.1, 203.0.113.7")
    assert given == event.request_id == "edge-7.2026_a1"
    assert event.address == "203.0.113.7"


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with blank in it", "line%0aend-of-it", "<script>1234", "-begins-so"]
)
def test_an_id_that_is_not_well_formed_is_not_taken_over(client: Browser, settings: Settings, given: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    made, event = attempt(client, X_Request_ID=given, X_Forwarded_For="203.0.113.7")
    assert MADE.fullmatch(made)
    assert event.request_id == made


@pytest.mark.parametrize(
    "path", ["/", "/nothing/", "/api/v1/inventory", "/admin/", "/static/css/tokens.css", "/health"]
)
def test_every_answer_names_its_request(client: Browser, path: str) -> None:
    answer = client.get(path)
    answer.getvalue()  # to the end, which closes the file of the static one
    assert MADE.fullmatch(answer["X-Request-ID"])
