"""A refusal leaves no body unread, whatever refused it."""

from io import BytesIO, RawIOBase
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory

from homeshield.lib.unread_bodies import MOST, PIECE
from homeshield.wsgi import application


class Endless(RawIOBase):
    """A body that goes on for ever."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.taken += size
        return b"a" * size


def status_of(body: Any, length: int, host: str = "localhost") -> str:
    """How the application answers to such a body, when the server has taken all of the answer."""
    environ = RequestFactory().post("/api/v1/quotes", b"", content_type="application/json").environ
    environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(length), "HTTP_HOST": host}
    told: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], error: object = None) -> Any:
        told.append(status)

    assert b"".join(application(environ, start))
    return told[0].partition(" ")[0]


@pytest.mark.parametrize(
    ("length", "host", "status"),
    [(settings.API_MAX_BODY_BYTES + 1, "localhost", "413"), (200_000, "elsewhere.example", "400")],
)
def test_a_body_that_is_refused_is_read(length: int, host: str, status: str) -> None:
    body = BytesIO(b"a" * length)
    assert status_of(body, length, host) == status
    assert body.read() == b""


def test_a_body_without_end_is_not_read_for_ever() -> None:
    body = Endless()
    assert status_of(body, settings.API_MAX_BODY_BYTES + 1) == "413"
    assert MOST <= body.taken <= MOST + PIECE
