"""The order that a user is putting together."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from homeshield.accounts.models import User
from inventory.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.drafts import (
    DraftSummary,
    draft_line_add,
    draft_line_change,
    draft_line_remove,
    draft_line_replace,
    draft_quantity,
    draft_summary,
)
from sales.errors import DraftChanged, DraftNotFound, InsufficientInventory, LineNotFound, QuantityOutOfRange
from sales.models import Draft, Order, Sale
from sales.services import order_place_draft
from tests.factories import UserFactory, stock
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_6_LA = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, state="LA")


@pytest.fixture
def user(as_of: datetime) -> User:
    set_prices(as_of - timedelta(days=1000))
    return UserFactory()


def lines(summary: DraftSummary) -> list[tuple[str, int]]:
    return [(str(line.criteria), line.quantity) for line in summary.lines]


def test_a_line_shows_stock_and_price(user: User, as_of: datetime) -> None:
    stock(3, as_of=as_of, state="LA")
    draft_line_add(user=user, criteria=GOLD_6_LA, quantity=5)
    summary = draft_summary(user=user, as_of=as_of)
    (line,) = summary.lines
    assert (line.available, line.unit_price, line.amount, line.is_short) == (3, Decimal("8.00"), Decimal("40.00"), True)
    assert (summary.quantity, summary.total) == (5, Decimal("40.00"))


def test_the_same_criteria_twice_are_one_line(user: User, as_of: datetime) -> None:
    for quantity in (5, 7):
        draft_line_add(user=user, criteria=GOLD_6, quantity=quantity)
    draft_line_add(user=user, criteria=GOLD_6_LA, quantity=1)
    assert lines(draft_summary(user=user, as_of=as_of)) == [
        ("Gold MONTH_6_TO_8", 12),
        ("Gold MONTH_6_TO_8 state=LA", 1),
    ]
    assert draft_quantity(user) == 13


@pytest.mark.parametrize("quantity", [0, -3, 1001])
def test_a_quantity_outside_1_to_1000_changes_nothing(user: User, as_of: datetime, quantity: int) -> None:
    draft_line_add(user=user, criteria=GOLD_6, quantity=10)
    (line,) = draft_summary(user=user, as_of=as_of).lines
    with pytest.raises(QuantityOutOfRange):
        draft_line_change(user=user, line_id=line.id, quantity=quantity)
    with pytest.raises(QuantityOutOfRange):
        draft_line_add(user=user, criteria=GOLD_6_LA, quantity=quantity)
    with pytest.raises(QuantityOutOfRange):
        draft_line_add(user=user, criteria=GOLD_6, quantity=995)
    assert lines(draft_summary(user=user, as_of=as_of)) == [("Gold MONTH_6_TO_8", 10)]


def test_an_alternative_takes_the_place_of_its_line_and_joins_a_twin(user: User, as_of: datetime) -> None:
    draft_line_add(user=user, criteria=GOLD_6_LA, quantity=10)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    line = draft_summary(user=user, as_of=as_of).lines[0]
    draft_line_replace(user=user, line_id=line.id, criteria=GOLD_6, quantity=4)
    assert lines(draft_summary(user=user, as_of=as_of)) == [("Gold MONTH_6_TO_8", 6)]


def test_a_line_of_another_users_draft_is_not_there(user: User, as_of: datetime) -> None:
    draft_line_add(user=user, criteria=GOLD_6, quantity=1)
    (line,) = draft_summary(user=user, as_of=as_of).lines
    stranger = UserFactory()
    with pytest.raises(LineNotFound):
        draft_line_remove(user=stranger, line_id=line.id)
    with pytest.raises(LineNotFound):
        draft_line_change(user=stranger, line_id=line.id, quantity=2)
    assert draft_quantity(user) == 1


def place(user: User, summary: DraftSummary, as_of: datetime) -> Order:
    assert summary.draft_id is not None
    assert summary.total is not None
    return order_place_draft(
        user=user, draft_id=summary.draft_id, version=summary.version, expected_total=summary.total,
        as_of=as_of,
    )  # fmt: skip


def test_buying_a_draft_empties_it_and_a_repeat_returns_the_same_order(user: User, as_of: datetime) -> None:
    stock(3, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    summary = draft_summary(user=user, as_of=as_of)
    order = place(user, summary, as_of)
    assert (order.quantity, order.placed_by_id, draft_quantity(user)) == (2, user.id, 0)
    draft_line_add(user=user, criteria=GOLD_6, quantity=1)
    assert place(user, summary, as_of).id == order.id
    assert Sale.objects.count() == 2
    assert draft_quantity(user) == 1, "a late repeat leaves the next draft alone"


def test_a_draft_changed_in_another_window_is_not_bought(user: User, as_of: datetime) -> None:
    stock(3, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    seen = draft_summary(user=user, as_of=as_of)
    draft_line_change(user=user, line_id=seen.lines[0].id, quantity=3)
    with pytest.raises(DraftChanged):
        place(user, seen, as_of)
    assert not Order.objects.exists()
    assert draft_quantity(user) == 3


def test_a_shortage_keeps_the_draft(user: User, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    summary = draft_summary(user=user, as_of=as_of)
    with pytest.raises(InsufficientInventory):
        place(user, summary, as_of)
    assert draft_summary(user=user, as_of=as_of) == summary


def test_another_users_draft_cannot_be_bought(user: User, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=1)
    summary = draft_summary(user=user, as_of=as_of)
    with pytest.raises(DraftNotFound):
        place(UserFactory(), summary, as_of)
    assert Draft.objects.get().id == summary.draft_id
