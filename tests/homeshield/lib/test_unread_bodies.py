"""A refusal leaves no body unread. (With nginx and gunicorn: tests/homeshield/front/test_refused_bodies.py.)"""

from collections.abc import Iterable
from io import BytesIO, RawIOBase
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from homeshield.lib.unread_bodies import MOST, PIECE, reading_bodies


class Endless(RawIOBase):
    """A body that goes on for ever."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.taken += size
        return b"a" * size


def refusing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("413 Content Too Large", [])
    return [b"Too large."]


def answer_to(body: Any) -> tuple[list[str], bytes]:
    told: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], error: object = None) -> Any:
        told.append(status)

    return told, b"".join(reading_bodies(refusing)({"wsgi.input": body}, start))


def test_a_body_that_is_refused_is_read() -> None:
    body = BytesIO(b"a" * 300_000)
    assert answer_to(body) == (["413 Content Too Large"], b"Too large.")
    assert body.read() == b""


def test_a_body_without_end_is_not_read_for_ever() -> None:
    body = Endless()
    assert answer_to(body)[1] == b"Too large."
    assert MOST <= body.taken <= MOST + PIECE
