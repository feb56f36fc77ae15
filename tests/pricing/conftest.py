"""Members of staff in front of the starting prices."""

from datetime import datetime

import pytest
from django.test import Client as Browser

from pricing.models import PriceRule
from pricing.starting_prices import starting_prices_load
from tests.factories import StaffFactory


def browser_of(email: str) -> Browser:
    browser = Browser()
    browser.force_login(StaffFactory(email=email))
    return browser


@pytest.fixture
def ada(db: None) -> Browser:
    return browser_of("ada@homeshield.example")


@pytest.fixture
def ben(db: None) -> Browser:
    return browser_of("ben@homeshield.example")


@pytest.fixture
def prices(now: datetime) -> PriceRule:
    """The starting prices, in force since a moment ago; of Gold, 3 to 5 months: $10.00."""
    starting_prices_load(as_of=now)
    return PriceRule.objects.get(classification="Gold", age_bucket="MONTH_3_TO_5")
