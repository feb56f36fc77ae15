"""The shop behind its front door, and a buyer's key, committed so that other processes see it."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoDbBlocker

from homeshield.front.nginx import NginxRefused, program
from tests.api.conftest import Caller, caller_of
from tests.factories import ClientFactory
from tests.homeshield.front.serving import Served, served
from tests.sales.purchases import set_prices


@pytest.fixture(scope="session")
def nginx() -> str:
    """The program. Without it these tests are skipped, but not in CI."""
    try:
        return program()
    except NginxRefused as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def front(nginx: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Served]:
    """For tests that need nothing in the database."""
    with django_db_blocker.unblock(), served(TRUSTED_PROXIES="127.0.0.2") as server:
        yield server


@pytest.fixture
def caller(nginx: str, transactional_db: None, now: datetime) -> Caller:
    set_prices(since=now - timedelta(days=1))
    return caller_of(ClientFactory(), as_of=now)
