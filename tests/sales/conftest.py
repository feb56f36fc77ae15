"""A signed-in buyer, and the two engines in which every page must work."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from homeshield.accounts.models import User
from tests.factories import UserFactory
from tests.sales.purchases import set_prices


@pytest.fixture
def buyer(db: None) -> User:
    return UserFactory()


@pytest.fixture
def shop(client: Client, buyer: User, now: datetime) -> Client:
    """A browser of the buyer's, in a shop with the starting prices."""
    set_prices(since=now - timedelta(days=1))
    client.force_login(buyer)
    return client


@pytest.fixture(params=["plain", "htmx"])
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    """The headers of a request: a page as the browser loads it, or a fragment as htmx fetches it."""
    return {"HX-Request": "true"} if request.param == "htmx" else {}
