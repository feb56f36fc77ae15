"""How long and how often an order waits for others."""

from time import monotonic

from django.db import connection

LOCK_TIMEOUT = "3s"
"""For one lock: the client, the draft, a record, an order with the same key."""

PATIENCE = 5.0
"""Seconds, for all records together."""

ATTEMPTS = 3
"""Tries when the database breaks a deadlock or finds a conflict."""

LOOKS = 3
"""Checks of a shortage: stock may return between the attempt and the count that explains it."""

LONGEST_ORDER = 60
"""Seconds from the start of an order's transaction until others can read it. The limits above keep it below this."""


class Patience:
    """A time limit, in seconds, for several statements, which raise QueryCanceled after it.

    `lock_timeout` is per lock, but a statement may wait for a thousand rows.
    """

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self._usual: str | None = None

    def limit_next_statement(self) -> None:
        left = max(1, round((self._end - monotonic()) * 1000))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)", [f"{left}ms"]
            )
            before, _ = cursor.fetchone()
        self._usual = self._usual or before

    def lift(self) -> None:
        """Restores the usual limit."""
        if self._usual is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [self._usual])
            self._usual = None
