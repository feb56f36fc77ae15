"""Waiting for locks: for how long, and again after a deadlock."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from psycopg.errors import DeadlockDetected


def tried_again[Result](act: Callable[[], Result], *, tries: int) -> Result:
    """Calls `act`, again after a deadlock, at most `tries` times. Each call must be a transaction or savepoint of its
    own. Raises what the last call raises."""
    for left in reversed(range(tries)):
        try:
            return act()
        except DatabaseError as error:
            if not isinstance(error.__cause__, DeadlockDetected) or not left:
                raise
    raise AssertionError("the loop returns or raises")


def lock_timeout_set(patience: str) -> None:
    """Until the transaction ends, a statement waits that long for each lock (`10s`), and then fails."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
