"""Sends browsing to a streaming replica, if REPLICA_URL names a fresh one.

Everything else uses the primary: an order must not rely on data a second old.

Lag is measured with this process's clock alone: it asks the primary for its log position, and later asks the replica
whether it has replayed that far. See docs/decisions/0014-browsing-from-a-replica.md.
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
"""Seconds between checks."""

LEAVE_ALONE = 5.0
"""Seconds until a failed replica is retried."""

_BROWSED = frozenset({"leads", "inventory", "pricing"})
"""The apps that browsing reads. Users, sessions and drafts always come from the primary."""

_reading: ContextVar[bool] = ContextVar("reading_from_replica", default=False)


@contextmanager
def reading_from_replica() -> Iterator[None]:
    """Only for reads of inventory, leads and prices."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def reading_connection() -> BaseDatabaseWrapper:
    """For raw SQL."""
    return connections[ALIAS if _reading.get() else DEFAULT_DB_ALIAS]


class Router:
    def db_for_read(self, model: type[models.Model], **_hints: object) -> str:
        return ALIAS if _reading.get() and model._meta.app_label in _BROWSED else DEFAULT_DB_ALIAS

    def db_for_write(self, _model: type[models.Model], **_hints: object) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_objects: models.Model, **_hints: object) -> bool:
        return True  # one database

    def allow_migrate(self, db: str, _app_label: str, **_hints: object) -> bool | None:
        return False if db == ALIAS else None


class Freshness:
    """What this process knows of the replica's lag; all threads share `freshness`."""

    def __init__(self) -> None:
        self._looking = Lock()
        self.forget()

    def forget(self) -> None:
        self._asked: deque[tuple[float, int]] = deque(maxlen=600)
        self._complete_until = self._look_again = float("-inf")

    def is_current(self) -> bool:
        """Whether the replica has everything committed up to REPLICA_MAX_LAG seconds ago."""
        if ALIAS not in connections.settings:
            return False
        # One thread checks; the others use what is known.
        if monotonic() >= self._look_again and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return monotonic() - self._complete_until <= settings.REPLICA_MAX_LAG

    def failed(self, error: Exception) -> None:
        """Avoids the replica for LEAVE_ALONE seconds."""
        logger.warning("The replica cannot be asked, so the database is: %s", type(error).__name__)
        self.forget()
        self._look_again = monotonic() + LEAVE_ALONE
        connections[ALIAS].close()  # it may be dead; the next attempt reconnects

    def _look(self) -> None:
        began = monotonic()
        self._look_again = began + LOOK_EVERY
        written = _position(DEFAULT_DB_ALIAS, "pg_current_wal_flush_lsn()")
        assert written is not None
        asked = self._asked  # another thread may replace it
        asked.append((began, written))
        try:
            replayed = _position(ALIAS, "pg_last_wal_replay_lsn()")
        except Error as error:
            self.failed(error)
            return
        if replayed is None:
            logger.error("REPLICA_URL names a database that is not a streaming copy, so it is not used.")
            self._look_again = began + LEAVE_ALONE
            return
        while asked and asked[0][1] <= replayed:
            self._complete_until, _ = asked.popleft()


def _position(alias: str, function: str) -> int | None:
    """In bytes; None if there is none."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT ({function} - '0/0')::bigint")
        position: int | None = cursor.fetchone()[0]
    return position


freshness = Freshness()
