"""The shop of the tests with parallel connections."""

from datetime import datetime, timedelta

import pytest

from homeshield.accounts.models import Client
from tests.factories import ClientFactory
from tests.sales.purchases import set_prices


@pytest.fixture
def clients(as_of: datetime) -> list[Client]:
    set_prices(as_of - timedelta(days=1000))
    return [ClientFactory() for _ in range(8)]
