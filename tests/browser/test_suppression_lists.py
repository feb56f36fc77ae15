"""A suppression list in a browser: from the file to the result, which comes by itself."""

import os
from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import objections
from tests.factories import stock
from tests.homeshield.worker import tasks_run
from tests.inventory.suppression.lists import number


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_list_from_the_file_to_its_result(
    buyer: User, open_page: Callable[..., Page], now: datetime, scheme: str, width: int
) -> None:
    stock(1, as_of=now, borrower_phone=number(1))
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    sign_in(page, buyer)
    page.goto("/suppression/")
    show(page, f"lists-{scheme}")
    page.get_by_label("Name").fill("Customers")
    content = f"Name,Phone\nAda,{number(1)}\nBo,{number(2)}\nCy,nothing".encode()
    page.get_by_label("File").set_input_files({"name": "numbers.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("heading", name="2 entries to add")).to_be_visible()
    assert objections(page) == []
    page.get_by_text("1 line we could not read").click()
    show(page, f"upload-{scheme}")
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_text("0 of 2")).to_be_visible()
    assert objections(page) == []
    show(page, f"progress-{scheme}")
    tasks_run()
    expect(page.get_by_text("0 of 2")).to_be_hidden()  # without a click
    expect(page.get_by_text("Matched in stock that day")).to_be_visible()
    assert objections(page) == []
    show(page, f"result-{scheme}")


def show(page: Page, name: str) -> None:
    """Keeps a picture where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
