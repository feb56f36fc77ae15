"""What every test may ask for."""

import logging
import os
from datetime import UTC, datetime
from typing import Any, override

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from tests.emptying import tests_empty_by_rows
from tests.prepared_database import can_copy, is_there, keep, prepared_name


class _Loggers(dict[str, Any]):
    """By name. pytest goes through all of them around each test, while a thread of the same process, such as a server's
    that imports something late, may make another."""

    @override
    def values(self) -> Any:
        return list(super().values())


logging.Logger.manager.loggerDict = _Loggers(logging.Logger.manager.loggerDict)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process for each core, up to four; none beside this one for named files, which end before others have begun."""
    named = any(".py" in argument for argument in config.args)
    return 0 if named else min(os.cpu_count() or 1, 4)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database is a copy of a migrated one, where there is one."""
    with django_db_blocker.unblock():
        if can_copy() and is_there(name := prepared_name()):
            connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        if can_copy() and not is_there(name := prepared_name()):
            keep(name)
    tests_empty_by_rows()


@pytest.fixture
def as_of() -> datetime:
    """The instant at which a test that opens no page looks at the world."""
    return datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The present, for tests that open pages: a page reads the clock by itself."""
    return timezone.now()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """A hash that takes no time: the real one takes half a second for each user that a test makes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
