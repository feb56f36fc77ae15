"""How long a transaction waits for others, all its waits together."""

from time import monotonic

from django.db import connection


class Patience:
    """A time limit (in seconds from now) over several statements of a transaction.

    PostgreSQL's `lock_timeout` bounds one lock; a statement that locks a thousand rows may wait for each of them. The
    statement after `limit_next_statement` is broken off (QueryCanceled) when what is left of the limit is over.
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
        """From here on the transaction has its usual limits."""
        if self._usual is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [self._usual])
            self._usual = None
