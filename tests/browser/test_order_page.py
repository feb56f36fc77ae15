"""The order's page in a real browser: what is bought is what it shows, no click is lost, and the focus stays near."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.services import draft_line_add, draft_quantities_change
from sales.models import DraftLine, Order
from tests.browser.conftest import sign_in

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_12_TO_23)
SILVER = Criteria(classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_12_TO_23)
YOUNG = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)


@pytest.fixture
def lines(buyer: User) -> list[DraftLine]:
    """An order of three lines: 3 Gold, 2 Silver, 1 young Gold: $15.00, $8.00, and $10.00."""
    for criteria, quantity in ((GOLD, 3), (SILVER, 2), (YOUNG, 1)):
        draft_line_add(user=buyer, criteria=criteria, quantity=quantity)
    return list(DraftLine.objects.order_by("id"))


@pytest.fixture
def order(page: Page, buyer: User, lines: list[DraftLine]) -> Page:
    sign_in(page, buyer)
    page.goto("/order/")
    return page


@pytest.fixture
def sent(order: Page) -> list[str]:
    """The addresses to which the order's page sends something."""
    addresses: list[str] = []
    order.on("request", lambda request: addresses.append(request.url) if request.method == "POST" else None)
    return addresses


def quantity(line: DraftLine) -> str:
    return f"#quantity-{line.id}"


def answers_held_back(page: Page) -> list[Callable[[], None]]:
    """The server has changed the quantities already, but its answers come when they are called."""
    answers: list[Callable[[], None]] = []

    def hold(route: Route) -> None:
        response = route.fetch()
        answers.append(lambda: route.fulfill(response=response))

    page.route("**/order/quantities/", hold)
    return answers


def press(page: Page, button: str) -> None:
    """Holds the button down."""
    page.get_by_role("button", name=button).scroll_into_view_if_needed()
    box = page.get_by_role("button", name=button).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("It did not come about.")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("0", "A line has 1 to 1,000 leads."),
        ("1001", "A line has 1 to 1,000 leads."),
        ("", "Enter how many. A line has 1 to 1,000 leads."),
    ],
)
@pytest.mark.parametrize("with_script", [True, False])
def test_what_is_no_quantity_is_said_at_the_line_and_buys_nothing(
    open_page: Callable[..., Page], buyer: User, lines: list[DraftLine], typed: str, message: str, with_script: bool
) -> None:
    page = open_page(java_script_enabled=with_script)
    sign_in(page, buyer)
    page.goto("/order/")
    page.locator(quantity(lines[0])).fill(typed)
    page.get_by_role("button", name="Buy 6 leads").click()
    expect(page.locator(f"#wrong-{lines[0].id}")).to_have_text(message)
    expect(page.locator(quantity(lines[0]))).to_have_value(typed)
    expect(page.locator(quantity(lines[0]))).to_be_focused()
    assert not Order.objects.exists()
    assert DraftLine.objects.get(id=lines[0].id).quantity == 3


@pytest.mark.parametrize("with_script", [True, False])
def test_a_quantity_typed_just_before_buy_is_shown_with_its_total_and_bought_with_the_next_click(
    open_page: Callable[..., Page], buyer: User, lines: list[DraftLine], with_script: bool
) -> None:
    page = open_page(java_script_enabled=with_script)
    sign_in(page, buyer)
    page.goto("/order/")
    page.locator(quantity(lines[0])).fill("5")
    page.get_by_role("button", name="Buy 6 leads").click()
    expect(page.locator("#confirm")).to_have_text(
        "Your cart is now 8 leads for $43.00. Nothing was bought yet. Buy again to confirm."
    )
    assert not Order.objects.exists()
    expect(page.get_by_role("button", name="Buy 8 leads")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="8 leads are yours").wait_for()
    assert Order.objects.get().quantity == 8


@pytest.mark.parametrize("answered", ["while the button is held", "after the click"])
def test_buy_while_a_change_is_on_its_way_asks_again(order: Page, lines: list[DraftLine], answered: str) -> None:
    """No click is lost to the answer, the answer takes nothing away, and nothing is bought at a total unseen."""
    answers = answers_held_back(order)
    order.locator(quantity(lines[0])).fill("5")
    order.keyboard.press("Tab")
    wait_until(order, lambda: len(answers) == 1)
    press(order, "Buy 6 leads")
    if answered == "while the button is held":
        answers[0]()
        order.wait_for_timeout(200)
    order.mouse.up()
    expect(order.locator("#confirm")).to_contain_text("Your cart is now 8 leads for $43.00.")
    if answered == "after the click":
        answers[0]()
        order.wait_for_timeout(200)
    expect(order.locator("#confirm")).to_be_visible()
    assert not Order.objects.exists()
    order.get_by_role("button", name="Buy 8 leads").click()
    order.get_by_role("heading", name="8 leads are yours").wait_for()


def test_a_button_let_go_elsewhere_loses_no_quantity(order: Page, lines: list[DraftLine]) -> None:
    order.locator(quantity(lines[0])).fill("5")
    press(order, "Buy 6 leads")
    order.mouse.move(5, 5)
    order.mouse.up()
    expect(order.get_by_role("button", name="Buy 8 leads")).to_be_visible()
    assert not Order.objects.exists()


def test_what_is_typed_while_an_answer_is_on_its_way_stays_and_follows(order: Page, lines: list[DraftLine]) -> None:
    answers = answers_held_back(order)
    for line, typed in zip(lines, ("5", "1", "3"), strict=True):
        order.locator(quantity(line)).fill(typed)
    order.keyboard.press("Tab")
    for number in range(3):
        wait_until(order, lambda: len(answers) > number)  # noqa: B023 - called at once
        answers[number]()
    expect(order.get_by_role("button", name="Buy 9 leads")).to_be_visible()
    assert [line.quantity for line in DraftLine.objects.order_by("id")] == [5, 1, 3]
    for line, typed in zip(lines, ("5", "1", "3"), strict=True):
        expect(order.locator(quantity(line))).to_have_value(typed)


def test_removing_a_line_right_after_typing_in_another_does_both(order: Page, lines: list[DraftLine]) -> None:
    order.locator(quantity(lines[0])).fill("5")
    order.locator(f"#remove-{lines[1].id}").click()
    expect(order.get_by_role("button", name="Buy 6 leads")).to_be_visible()
    expect(order.locator(quantity(lines[1]))).to_have_count(0)
    expect(order.locator(quantity(lines[0]))).to_have_value("5")
    expect(order.locator(".total")).to_contain_text("$35.00")
    assert sorted(line.quantity for line in DraftLine.objects.all()) == [1, 5]


@pytest.mark.parametrize("key", ["Enter", "Tab"])
def test_a_quantity_is_sent_once(order: Page, lines: list[DraftLine], sent: list[str], key: str) -> None:
    order.locator(quantity(lines[0])).fill("5")
    order.keyboard.press(key)
    expect(order.get_by_role("button", name="Buy 8 leads")).to_be_visible()
    assert len(sent) == 1
    focused = quantity(lines[0]) if key == "Enter" else f"#remove-{lines[0].id}"
    expect(order.locator(focused)).to_be_focused()


def test_after_a_removal_the_focus_is_on_the_neighbour(order: Page, lines: list[DraftLine]) -> None:
    order.locator(f"#remove-{lines[1].id}").press("Enter")
    expect(order.locator(quantity(lines[2]))).to_be_focused()
    order.locator(f"#remove-{lines[2].id}").press("Enter")
    expect(order.get_by_role("link", name="Add more leads")).to_be_focused()
    order.locator(f"#remove-{lines[0].id}").press("Enter")
    expect(order.get_by_role("link", name="Browse leads")).to_be_focused()


def test_a_refusal_has_the_focus_and_what_mends_it_leaves_it_near(order: Page, lines: list[DraftLine]) -> None:
    order.locator(quantity(lines[0])).fill("20")
    order.keyboard.press("Tab")
    order.get_by_role("button", name="Buy 23 leads").press("Enter")
    expect(order.locator("#refusal")).to_be_focused()
    expect(order.locator("#refusal")).to_be_in_viewport()
    order.get_by_role("button", name="Use this (12 × Gold").press("Enter")
    expect(order.get_by_role("button", name="Buy 15 leads")).to_be_visible()
    assert order.evaluate("document.activeElement !== document.body")


def test_adding_by_keyboard_keeps_the_focus(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    page.goto("/inventory/?classification=Gold&age_bucket=MONTH_12_TO_23")
    page.get_by_label("How many leads in All states").fill("10")
    page.get_by_role("button", name="Add to cart").press("Enter")
    expect(page.locator("#order-count")).to_contain_text("10")
    expect(page.get_by_role("button", name="Add to cart")).to_be_focused()


def test_another_window_is_told_apart_from_a_change_of_ones_own(
    order: Page, buyer: User, lines: list[DraftLine]
) -> None:
    draft_quantities_change(user=buyer, quantities={lines[1].id: 1})
    order.locator(quantity(lines[0])).fill("5")
    order.get_by_role("button", name="Buy 6 leads").click()
    expect(order.get_by_role("alert")).to_contain_text("changed in another window")
    assert not Order.objects.exists()
