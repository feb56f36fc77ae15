"""What a client is shown before purchase is counted, wherever it is shown, and ends with its allowance of the day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from homeshield.accounts.models import PreviewAllowance, User
from homeshield.accounts.previews import previews_spend
from inventory.models import InventoryRecord
from tests.api.conftest import Caller, buyer, caller
from tests.factories import stock
from tests.matrix.test_operations import OPERATIONS

__all__ = ["buyer", "caller"]

pytestmark = pytest.mark.django_db

LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 1}


@pytest.fixture
def shelf(caller: Caller, now: datetime, settings: Settings) -> list[InventoryRecord]:
    settings.PREVIEWS_PER_DAY = 70
    return stock(100, as_of=now, first_name="Opal", city="Bayouville")


@pytest.fixture
def shop(client: Browser, buyer: User) -> Browser:
    client.force_login(buyer)
    return client


def used(caller: Caller) -> int:
    return PreviewAllowance.objects.get(client=caller.client).shown


@pytest.mark.usefixtures("shelf")
def test_pages_and_programs_share_one_allowance_and_the_last_page_is_shorter(caller: Caller, shop: Browser) -> None:
    first = caller.get("inventory", limit=60).json()
    assert (len(first["items"]), used(caller)) == (60, 60)
    page = shop.get("/inventory/?tab=preview")
    assert (page.content.decode().count("Opal"), used(caller)) == (10, 70)
    assert "These were today’s last previews" in page.content.decode()
    assert page.context["next"], "tomorrow it goes on from there"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["whole", "htmx"])
@pytest.mark.usefixtures("shelf")
def test_without_previews_the_page_counts_prices_and_sells(
    caller: Caller, shop: Browser, now: datetime, headers: dict[str, str]
) -> None:
    previews_spend(client_id=caller.client.id, wanted=70, as_of=now)
    page = shop.get("/inventory/?tab=preview&classification=Gold&age_bucket=MONTH_6_TO_8", headers=headers)
    content = page.content.decode()
    assert page.status_code == 200
    assert "seen today’s 70 previews" in content
    assert f"{now + timedelta(days=1):%b} {(now + timedelta(days=1)).day}, " in content
    assert 'id="count">100<' in content
    assert "$8.00" in content
    assert "Opal" not in content
    by_place = shop.get("/inventory/?classification=Gold&age_bucket=MONTH_6_TO_8", headers=headers)
    assert "Add to cart" in by_place.content.decode()


def test_a_program_is_told_when_there_are_more(caller: Caller, shelf: list[InventoryRecord]) -> None:
    whole = caller.get("inventory", limit=100).json()
    assert (len(whole["items"]), whole["total"]) == (70, 100)
    refused = caller.get("inventory", limit=1, cursor=whole["next_cursor"])
    assert refused.status_code == 429
    detail = refused.json()["detail"]
    assert (detail["error"], "previews of today" in detail["message"]) == ("previews_used", True)
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert used(caller) == 70


def test_nothing_shows_a_lead_any_more_and_all_else_works(
    caller: Caller, shop: Browser, shelf: list[InventoryRecord], now: datetime
) -> None:
    """Every operation that shows what is for sale, whichever it is."""
    previews_spend(client_id=caller.client.id, wanted=70, as_of=now)
    bodies: dict[str, Any] = {
        "availability": {"criteria": [LINE]},
        "quotes": {"inventory_item_ids": [str(shelf[0].id)]},
        "purchases/by-criteria": {"client_id": str(caller.client.id), "criteria": [LINE]},
        "purchases": {"client_id": str(caller.client.id), "inventory_item_ids": [str(shelf[0].id)]},
    }
    refused = []
    for method, path in OPERATIONS:
        if "{" in path or "download" in path or (method != "GET" and path not in bodies):
            continue  # what was bought, and what is not about stock
        answer = caller.send(method, path, bodies[path] if method == "POST" else None)
        assert "Opal" not in answer.content.decode()
        if answer.status_code != 200:
            refused.append((path, answer.status_code))
    assert refused == [("inventory", 429)]
    for page in ("/inventory/?tab=preview", "/order/", "/orders/"):
        assert "Opal" not in shop.get(page).content.decode()


@pytest.mark.usefixtures("caller")
def test_an_empty_page_and_a_place_that_is_none_use_up_nothing(
    caller: Caller, shop: Browser, settings: Settings
) -> None:
    settings.PREVIEWS_PER_DAY = 1
    assert "None in stock here" in shop.get("/inventory/?tab=preview").content.decode()
    assert shop.get("/inventory/?tab=preview&cursor=x").status_code == 422
    assert caller.get("inventory").json()["items"] == []
    assert not PreviewAllowance.objects.exists()
