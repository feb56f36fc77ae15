"""Trying again what PostgreSQL broke off because of a deadlock."""

from collections.abc import Callable

from django.db import DatabaseError
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
