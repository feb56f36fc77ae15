"""The order that a user is putting together."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from homeshield.accounts.models import User
from inventory.buyer import buyer_of
from inventory.counting.reading import available_count
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.facts.territory import Territory
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.selectors import (
    DraftContents,
    DraftSummary,
    draft_contents,
    draft_offers,
    draft_quantity,
    draft_summary,
)
from sales.cart.services import draft_line_add, draft_line_remove, draft_line_replace, draft_quantities_change
from sales.errors import (
    DraftBought,
    DraftChanged,
    DraftNotFound,
    LineNotFound,
    QuantityOutOfRange,
    TooManyLines,
)
from sales.models import Draft, DraftLine, Order, Sale
from sales.ordering.services import order_place_draft
from tests.factories import InventoryFactory, UserFactory, stock
from tests.sales.purchases import at, buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_6_LA = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA"))


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
    assert (line.available, line.price and line.price.unit_price, line.amount, bool(line.shortage)) == (
        3,
        Decimal("8.00"),
        Decimal("40.00"),
        True,
    )
    assert (summary.quantity, summary.total) == (5, Decimal("40.00"))


def test_its_contents_alone_are_those_of_the_whole(
    user: User, as_of: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def read() -> DraftContents:
        with django_assert_num_queries(1):
            return draft_contents(user)

    assert read() == draft_summary(user=user, as_of=as_of).contents == DraftContents({}, "")
    territory = Territory((Place("LA"), Place("TX", "Lee")))
    for criteria, quantity in ((GOLD_6_LA, 5), (replace(GOLD_6, territory=territory), 7)):
        draft_line_add(user=user, criteria=criteria, quantity=quantity)
    Draft.objects.update(discount_code="SPRING")
    assert read() == draft_summary(user=user, as_of=as_of).contents
    assert read().lines == {GOLD_6_LA: 5, replace(GOLD_6, territory=territory): 7}
    DraftLine.objects.all().delete()
    assert read() == draft_summary(user=user, as_of=as_of).contents == DraftContents({}, "SPRING")


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
        draft_quantities_change(user=user, quantities={line.id: quantity})
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


COUNTIES = ["Acadia", "Allen", "Ascension", "Assumption", "Avoyelles", "Beauregard", "Bienville", "Bossier", "Caddo"]


def fill_up(user: User, count: int) -> None:
    """`count` lines of one lead each, no two alike."""
    for number in range(count):
        draft_line_add(
            user=user,
            criteria=Criteria(
                classification=list(Classification)[number % 2],
                age_bucket=list(AgeBucket)[number // 2 % 5],
                place=Place("LA", COUNTIES[number // 10]),
            ),
            quantity=1,
        )


def test_a_draft_has_fifty_lines_at_most(user: User, as_of: datetime) -> None:
    fill_up(user, 50)
    with pytest.raises(TooManyLines, match="50 lines at most"):
        draft_line_add(user=user, criteria=GOLD_6, quantity=1)
    summary = draft_summary(user=user, as_of=as_of)
    assert (len(summary.lines), summary.version) == (50, 50)

    draft_line_add(user=user, criteria=summary.lines[0].criteria, quantity=4)  # more of a line is no line more
    draft_line_replace(user=user, line_id=summary.lines[1].id, criteria=GOLD_6, quantity=2)
    after = draft_summary(user=user, as_of=as_of)
    assert (after.lines[0].quantity, str(after.lines[1].criteria), len(after.lines)) == (5, "Gold MONTH_6_TO_8", 50)


@pytest.mark.parametrize("count", [1, 50])
def test_a_summary_costs_the_same_queries_for_any_number_of_lines(
    user: User, as_of: datetime, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    fill_up(user, count)
    with django_assert_num_queries(7):  # draft, lines, prices, stock, what would mend the short lines, balance, budget
        assert len(draft_summary(user=user, as_of=as_of).lines) == count


def test_each_line_counts_what_is_there_without_what_the_client_owns(user: User, as_of: datetime) -> None:
    """Lines in one another's places, and leads bought in their former bucket, which have a record in the next."""
    assert user.client is not None
    before = as_of - timedelta(days=90)
    young = stock(4, as_of=before, age_days=100, county="Caddo")
    gold_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
    buy(user.client, 3, gold_3, as_of=before)
    for record in young:
        InventoryFactory(as_of=as_of, lead=record.lead)
    stock(5, as_of=as_of, county="Orleans")
    stock(7, as_of=as_of, state="TX", county="Travis")
    stock(2, as_of=as_of, classification="Silver")
    caddo = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA", "Caddo"))
    silver = Criteria(classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_6_TO_8)
    for criteria in (GOLD_6, GOLD_6_LA, caddo, silver, gold_3):
        draft_line_add(user=user, criteria=criteria, quantity=1)

    summary = draft_summary(user=user, as_of=as_of)

    assert [line.available for line in summary.lines] == [13, 6, 1, 2, 0]
    for line in summary.lines:
        assert line.available == available_count(criteria=line.criteria, buyer=buyer_of(user), as_of=as_of)


def refused(user: User, as_of: datetime) -> Shortage:
    with pytest.raises(Shortage) as refusal:
        place(user, draft_summary(user=user, as_of=as_of), as_of)
    return refusal.value


def test_an_alternative_stops_where_the_line_that_it_joins_is_full(user: User, as_of: datetime) -> None:
    stock(5, as_of=as_of, state="LA", county="Caddo")
    stock(1100, as_of=as_of, state="TX", county="Travis")
    stock(20, as_of=as_of, age_days=300, state="LA")
    gold_9_la = replace(GOLD_6_LA, age_bucket=AgeBucket.MONTH_9_TO_11)
    draft_line_add(user=user, criteria=GOLD_6_LA, quantity=20)
    draft_line_add(user=user, criteria=GOLD_6, quantity=990)
    refusal = refused(user, as_of)

    offers = draft_offers(lines=draft_summary(user=user, as_of=as_of).lines, shortage=refusal)

    assert [(str(o.alternative.criteria), o.quantity, o.amount, o.together, o.joins, o.is_cut) for o in offers] == [
        (str(GOLD_6_LA), 5, Decimal("40.00"), 5, False, False),
        (str(GOLD_6), 10, Decimal("80.00"), 1000, True, True),
        (str(gold_9_la), 20, Decimal("120.00"), 20, False, False),
    ]
    for offer in offers:
        before = transaction.savepoint_create()
        line_id = draft_summary(user=user, as_of=as_of).lines[0].id
        draft_line_replace(user=user, line_id=line_id, criteria=offer.alternative.criteria, quantity=offer.quantity)
        taken = draft_summary(user=user, as_of=as_of)
        assert place(user, taken, as_of).quantity == taken.quantity
        transaction.savepoint_rollback(before)


def test_an_alternative_that_would_join_a_full_line_is_not_offered(user: User, as_of: datetime) -> None:
    stock(5, as_of=as_of, state="LA", county="Caddo")
    stock(1100, as_of=as_of, state="TX", county="Travis")
    draft_line_add(user=user, criteria=GOLD_6_LA, quantity=20)
    draft_line_add(user=user, criteria=GOLD_6, quantity=1000)
    refusal = refused(user, as_of)
    assert [str(offer.criteria) for offer in refusal.alternatives] == [str(GOLD_6_LA), str(GOLD_6)]
    offers = draft_offers(lines=draft_summary(user=user, as_of=as_of).lines, shortage=refusal)
    assert [str(offer.alternative.criteria) for offer in offers] == [str(GOLD_6_LA)]


def test_a_line_of_another_users_draft_is_not_there(user: User, as_of: datetime) -> None:
    draft_line_add(user=user, criteria=GOLD_6, quantity=1)
    (line,) = draft_summary(user=user, as_of=as_of).lines
    stranger = UserFactory()
    with pytest.raises(LineNotFound):
        draft_line_remove(user=stranger, line_id=line.id)
    with pytest.raises(LineNotFound):
        draft_quantities_change(user=stranger, quantities={line.id: 2})
    assert draft_quantity(user) == 1


def place(user: User, summary: DraftSummary, as_of: datetime) -> Order:
    assert summary.draft_id is not None
    assert summary.total is not None
    return at(
        as_of, order_place_draft,
        user=user, draft_id=summary.draft_id, version=summary.version, expected_total=summary.total,
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
    draft_quantities_change(user=user, quantities={seen.lines[0].id: 3})
    with pytest.raises(DraftChanged):
        place(user, seen, as_of)
    assert not Order.objects.exists()
    assert draft_quantity(user) == 3


def test_a_window_that_showed_another_order_is_not_told_that_it_bought_it(user: User, as_of: datetime) -> None:
    stock(9, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    stale = draft_summary(user=user, as_of=as_of)
    draft_quantities_change(user=user, quantities={stale.lines[0].id: 3})
    shown = draft_summary(user=user, as_of=as_of)
    order = place(user, shown, as_of)
    for other in (
        stale,
        replace(stale, total=shown.total),
        replace(shown, total=Decimal("24.01")),
    ):
        with pytest.raises(DraftBought, match="already bought, with other lines or prices"):
            place(user, other, as_of)
    assert place(user, replace(shown, total=Decimal("24")), as_of).id == order.id, "the same total, written shorter"
    assert Sale.objects.count() == 3


def test_a_shortage_keeps_the_draft(user: User, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    summary = draft_summary(user=user, as_of=as_of)
    with pytest.raises(Shortage):
        place(user, summary, as_of)
    assert draft_summary(user=user, as_of=as_of) == summary


def test_another_users_draft_cannot_be_bought(user: User, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    draft_line_add(user=user, criteria=GOLD_6, quantity=1)
    summary = draft_summary(user=user, as_of=as_of)
    with pytest.raises(DraftNotFound):
        place(UserFactory(), summary, as_of)
    assert Draft.objects.get().id == summary.draft_id
