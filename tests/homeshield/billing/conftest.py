from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import connection


def _ignore_sources() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname ~ '^pgtrigger_ledger_[a-z_]+_has_its_source'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE ledger_transactions DISABLE TRIGGER {name}")


@pytest.fixture
def money_alone(db: None) -> None:
    """Floors above hold orders, payments and returns to theirs, in tests of their own. Gone with the transaction."""
    _ignore_sources()


@pytest.fixture
def as_web(as_web: Callable[[], AbstractContextManager[None]]) -> Callable[[], AbstractContextManager[None]]:
    """Making the role has switched them on again."""
    _ignore_sources()
    return as_web
