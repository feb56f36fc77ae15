"""Whence an act comes: the request or the command within which code runs.

It travels in a context variable, not through every signature: a service need not know where it is called from, and
what it writes down (the audit record, the log) says so nevertheless. The instant is no part of it: `as_of` is passed.
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
    """Who acts: a user's id and address, an API key's maker and beginning, or the account of an operator's shell."""

    id: UUID | None
    name: str


NOBODY = Actor(None, "")


class Origin:
    """A process of ours that no request has called: a command, or a piece of code on its own."""

    def __init__(self, *, channel: str = "process", source: str = "", request_id: str | None = None) -> None:
        self.channel = channel
        self.request_id = request_id or new_request_id()
        self._source = source

    @property
    def source(self) -> str:
        """The page or the command by its name."""
        return self._source

    @property
    def actor(self) -> Actor:
        return _operator()

    @property
    def address(self) -> str | None:
        """The visitor's address; None where nobody has come over the network."""
        return None


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)


def origin() -> Origin:
    """The origin of what runs now; one of its own for code that nothing has announced."""
    return _current.get() or Origin()


def origin_or_none() -> Origin | None:
    return _current.get()


@contextmanager
def within(one: Origin) -> Iterator[None]:
    """Everything that runs within it comes from there."""
    before = _current.set(one)
    try:
        yield
    finally:
        _current.reset(before)


def new_request_id() -> str:
    """32 hexadecimal characters, 128 bits of chance."""
    return secrets.token_hex(16)


def well_formed(request_id: str) -> bool:
    """Whether it can be taken over: 8 to 64 letters, digits, dots, underscores and hyphens, and so nothing that could
    end a line of a log or stand for something else."""
    return _WELL_FORMED.fullmatch(request_id) is not None


@cache
def _operator() -> Actor:
    try:
        return Actor(None, f"os:{getpass.getuser()}")
    except (OSError, KeyError):  # in a container the user may have no name
        return Actor(None, "os:unnamed")
