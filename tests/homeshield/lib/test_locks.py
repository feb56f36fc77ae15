"""What a deadlock broke off is tried again; everything else is not."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError
from psycopg.errors import DeadlockDetected, UniqueViolation

from homeshield.lib.locks import tried_again


def failing(times: int, kind: type[Exception]) -> tuple[Callable[[], int], list[int]]:
    """An act that fails so often, as Django reports errors of the database, and the calls that it got."""
    calls: list[int] = []

    def act() -> int:
        calls.append(len(calls) + 1)
        if len(calls) <= times:
            raise DatabaseError from kind()
        return len(calls)

    return act, calls


def test_it_goes_through_once_the_deadlock_is_over() -> None:
    act, _ = failing(2, DeadlockDetected)
    assert tried_again(act, tries=3) == 3


def test_the_last_try_raises() -> None:
    act, calls = failing(3, DeadlockDetected)
    with pytest.raises(DatabaseError):
        tried_again(act, tries=3)
    assert calls == [1, 2, 3]


def test_another_error_is_raised_at_once() -> None:
    act, calls = failing(1, UniqueViolation)
    with pytest.raises(DatabaseError):
        tried_again(act, tries=3)
    assert calls == [1]
