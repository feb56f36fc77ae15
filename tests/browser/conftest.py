"""A real browser in front of the running shop. Whatever the policy blocks, a script throws or htmx objects to fails the
test."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from homeshield.accounts.models import User
from tests.factories import PASSWORD, UserFactory, stock
from tests.sales.purchases import set_prices

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's chromium, or the one that CHROMIUM names. Without it these tests are skipped, but not in CI."""
    if not Path(CHROMIUM).is_file():
        message = f"There is no chromium at {CHROMIUM}: install it, or name another one in CHROMIUM."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Opens pages of the live shop, each in a context of its own with the given options."""
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # That there is no connection, one test brings about. A request that a later one overtakes is given up.
        quiet = "htmx:(?!sendError|sendAbort|afterRequest)"
        if "Content Security Policy" in message.text or re.search(quiet, message.text):
            faults.append(message.text)

    def open_page(**options: object) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_page
    for context in list(chromium.contexts):
        context.close()
    assert faults == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def buyer(transactional_db: None, now: datetime) -> User:
    """A buyer of a shop with prices and some stock: Gold and Silver in Louisiana, Gold in Texas."""
    set_prices(since=now - timedelta(days=1))
    stock(12, as_of=now, age_days=400)
    stock(3, as_of=now, age_days=400, classification="Silver", county="Allen")
    stock(4, as_of=now, age_days=100, state="TX", county="Harris")
    return UserFactory()


def sign_in(page: Page, user: User) -> None:
    """Through the form, as people do."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Browse leads").wait_for()
    page.wait_for_load_state()
