"""The request or command that code runs in, for the audit record and the log.

It is a context variable, so services need no parameter for it. The instant is one: `as_of`.
"""

import getpass
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import NamedTuple
from uuid import UUID

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class Actor(NamedTuple):
    """A user (id and email), an API key (maker and prefix), or the operator's shell account."""

    id: UUID | None
    name: str


NOBODY = Actor(None, "")


class Origin:
    """Code outside any request."""

    def __init__(self, *, channel: str = "process", source: str = "", request_id: str | None = None) -> None:
        self.channel = channel
        self.request_id = request_id or new_request_id()
        self._source = source

    @property
    def source(self) -> str:
        return self._source

    @property
    def actor(self) -> Actor:
        return _operator()

    @property
    def address(self) -> str | None:
        return None


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)


def origin() -> Origin:
    """Never None: unannounced code gets a new one."""
    return _current.get() or Origin()


def origin_or_none() -> Origin | None:
    return _current.get()


@contextmanager
def within(one: Origin) -> Iterator[None]:
    before = _current.set(one)
    try:
        yield
    finally:
        _current.reset(before)


def new_request_id() -> str:
    """32 hexadecimal characters."""
    return secrets.token_hex(16)


def well_formed(request_id: str) -> bool:
    """Whether a foreign request id is safe to adopt: it must not break a log line."""
    return _WELL_FORMED.fullmatch(request_id) is not None


@cache
def _operator() -> Actor:
    try:
        return Actor(None, f"os:{getpass.getuser()}")
    except (OSError, KeyError):  # a container's user may have no name
        return Actor(None, "os:unnamed")
