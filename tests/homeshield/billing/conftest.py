import pytest
from django.db import connection


def _ignore_sources() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname ~ '^pgtrigger_ledger_[a-z]+_has_its_source'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE ledger_transactions DISABLE TRIGGER {name}")


@pytest.fixture(autouse=True)
def _without_sources(db: None) -> None:
    """Money alone: the floors above hold orders, payments and returns to theirs, in tests of their own."""
    _ignore_sources()


@pytest.fixture
def as_declared(as_declared: None) -> None:
    """It has switched them on again."""
    _ignore_sources()
