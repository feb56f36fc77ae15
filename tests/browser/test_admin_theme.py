"""The admin in the site's colours, light and dark, by the system's choice and by the reader's own."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from tests.factories import PASSWORD, StaffFactory

LIGHT = ("rgb(250, 249, 246)", "rgb(30, 29, 26)", "rgb(12, 90, 85)")
DARK = ("rgb(19, 21, 20)", "rgb(236, 235, 230)", "rgb(127, 207, 195)")


@pytest.fixture
def staff(transactional_db: None) -> User:
    return StaffFactory()


def expect_colours(page: Page, expected: tuple[str, str, str]) -> None:
    """Of the ground, of text, and of a link, which takes a moment to change."""
    ground, text, link = expected
    expect(page.locator("body")).to_have_css("background-color", ground)
    expect(page.locator("body")).to_have_css("color", text)
    expect(page.locator("#content-main .model-user th a")).to_have_css("color", link)


@pytest.mark.parametrize(("system", "first", "second"), [("light", LIGHT, DARK), ("dark", DARK, LIGHT)])
def test_colours_follow_the_system_until_the_reader_chooses(
    open_page: Callable[..., Page], staff: User, system: str, first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    page = open_page(color_scheme=system, reduced_motion="reduce")
    page.goto("/accounts/login/?next=/admin/")
    page.get_by_label("Email").fill(staff.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Administration").wait_for()
    expect_colours(page, first)
    toggle = page.locator("#header .theme-toggle")
    toggle.click()  # from the system's to the other one
    expect_colours(page, second)
    toggle.click()
    expect_colours(page, first)
    # What the reader chose counts for more than what the system says meanwhile.
    page.emulate_media(color_scheme="dark" if system == "light" else "light")
    expect_colours(page, first)
