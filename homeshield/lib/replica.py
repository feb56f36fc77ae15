"""Which reads go to a streaming copy of the database, where REPLICA_URL names one, and when it may be asked.

What browses the inventory runs within `reading_from_replica`; the router then sends its queries to the copy. All else,
and every write, goes to the database itself: what an order decides by must not be a second old.

How old the copy's answers are is told without any clock but this process's own: now and then it asks the database how
far its log is, and later the copy whether it has come so far. What was committed before the question is there then.
docs/decisions/0014-browsing-from-a-replica.md says why.
"""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from time import monotonic

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("homeshield.replica")

ALIAS = "replica"

LOOK_EVERY = 1.0
"""How often, in seconds, a process asks how far the copy is: at most so much older than known are its answers."""

LEAVE_ALONE = 5.0
"""For how long, in seconds, a process does not try again a copy that could not be asked."""

_BROWSED = frozenset({"leads", "inventory", "pricing"})
"""The apps whose tables browsing asks. Users, sessions and drafts are always read where they are written."""

_reading: ContextVar[bool] = ContextVar("reading_from_replica", default=False)


@contextmanager
def reading_from_replica() -> Iterator[None]:
    """Within it the inventory, its leads and prices are read from the copy."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def reading_connection() -> BaseDatabaseWrapper:
    """The connection for a read of the inventory, its leads or prices by SQL of one's own."""
    return connections[ALIAS if _reading.get() else DEFAULT_DB_ALIAS]


class Router:
    """Django's database router: see the module."""

    def db_for_read(self, model: type[models.Model], **_hints: object) -> str:
        return ALIAS if _reading.get() and model._meta.app_label in _BROWSED else DEFAULT_DB_ALIAS

    def db_for_write(self, _model: type[models.Model], **_hints: object) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_objects: models.Model, **_hints: object) -> bool:
        return True  # two copies of one database

    def allow_migrate(self, db: str, _app_label: str, **_hints: object) -> bool | None:
        return False if db == ALIAS else None


class Freshness:
    """What a process knows of how far its copy is. One instance, `freshness`, for all its threads."""

    def __init__(self) -> None:
        self._looking = Lock()
        self.forget()

    def forget(self) -> None:
        """As at the process's start: nothing is known."""
        self._asked: deque[tuple[float, int]] = deque(maxlen=600)
        self._complete_until = self._look_again = float("-inf")

    def is_current(self) -> bool:
        """Whether the copy holds everything that was committed up to REPLICA_MAX_LAG seconds ago."""
        if ALIAS not in connections.settings:
            return False
        # One thread looks, the others go by what is known.
        if monotonic() >= self._look_again and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return monotonic() - self._complete_until <= settings.REPLICA_MAX_LAG

    def failed(self, error: Exception) -> None:
        """Notes that the copy could not be asked: it is left alone for a while."""
        logger.warning("The replica cannot be asked, so the database is: %s", type(error).__name__)
        self.forget()
        self._look_again = monotonic() + LEAVE_ALONE
        connections[ALIAS].close()  # this thread's own, which may be dead: the next attempt makes a new one

    def _look(self) -> None:
        began = monotonic()
        self._look_again = began + LOOK_EVERY
        written = _position(DEFAULT_DB_ALIAS, "pg_current_wal_flush_lsn()")
        assert written is not None
        asked = self._asked  # another thread may forget it all meanwhile
        asked.append((began, written))
        try:
            replayed = _position(ALIAS, "pg_last_wal_replay_lsn()")
        except Error as error:
            self.failed(error)
            return
        if replayed is None:
            logger.error("REPLICA_URL names a database that is no streaming copy: it is not asked.")
            self._look_again = began + LEAVE_ALONE
            return
        while asked and asked[0][1] <= replayed:
            self._complete_until, _ = asked.popleft()


def _position(alias: str, function: str) -> int | None:
    """A place in the log as a number of bytes; None where there is none to tell."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT ({function} - '0/0')::bigint")
        position: int | None = cursor.fetchone()[0]
    return position


freshness = Freshness()
