"""How long, and how often, an order waits for others. Every limit of it is here."""

from time import monotonic

from django.db import connection

LOCK_TIMEOUT = "3s"
"""For one lock: its client, its draft, a record, the order with the same key."""

PATIENCE = 5.0
"""Seconds, for all its records together."""

ATTEMPTS = 3
"""How often it is tried when the database breaks a deadlock or finds a conflict. Both are rare and pass."""

LOOKS = 3
"""How often a shortage is checked. Stock may come back between the attempt and the count that explains it."""

LONGEST_ORDER = 60
"""Seconds between the instant of an order, which is when its transaction begins, and the moment it can be read. Most
take milliseconds; the limits above keep every order well within this."""


class Patience:
    """A time limit, in seconds from now, for several statements of a transaction.

    PostgreSQL's `lock_timeout` is for one lock, but a statement that locks a thousand rows may wait for each of them.
    A statement that follows `limit_next_statement` fails with QueryCanceled when the time is over.
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
        """Gives the transaction its usual limit back."""
        if self._usual is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [self._usual])
            self._usual = None
