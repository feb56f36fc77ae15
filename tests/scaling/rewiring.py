"""Django's connections led elsewhere for a while: to a pooler, to a server of the test's own, to its copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.utils import ConnectionHandler


@contextmanager
def rewired(alias: str, database: dict[str, Any]) -> Iterator[None]:
    """Within it every thread's connections of this alias go to `database`, a value of Django's DATABASES."""
    before = connections.settings.get(alias)
    _disconnect(alias)
    connections.settings[alias] = ConnectionHandler({"default": {}, alias: database}).settings[alias]
    try:
        yield
    finally:
        _disconnect(alias)
        if before is None:
            del connections.settings[alias]
        else:
            connections.settings[alias] = before


def _disconnect(alias: str) -> None:
    """This thread's connection and the pool, which all threads share; other threads' tests have closed theirs."""
    if alias not in connections.settings:
        return
    wrapper = connections[alias]
    assert isinstance(wrapper, DatabaseWrapper)
    wrapper.close()
    if alias in wrapper._connection_pools:  # type: ignore[attr-defined]  # not public
        wrapper.close_pool()
    del connections[alias]
