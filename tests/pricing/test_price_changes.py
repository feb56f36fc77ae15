"""Contract, "Price": changes close the rule in force and open the next at the same instant; nothing has a default."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.services import price_set, price_withdraw
from pricing.errors import NoPrice, PriceRefused, PriceRuleHasBegun, PriceRuleIsGone
from pricing.models import PriceRule
from pricing.selectors import prices_in_force
from pricing.starting_prices import starting_prices_load
from tests.factories import StaffFactory
from tests.pricing.changes import price_set_anyway

pytestmark = pytest.mark.django_db

GOLD, SILVER = Classification
CELL = (GOLD, AgeBucket.MONTH_3_TO_5)
MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def set_price(amount: str, at: datetime, *, as_of: datetime | None = None) -> PriceRule:
    """The cell's price from `at` on, as staff set it at `as_of` (by default at that very instant)."""
    return price_set_anyway(
        classification=CELL[0], age_bucket=CELL[1], amount=Decimal(amount), effective_from=at, as_of=as_of or at
    )


def history() -> list[tuple[str, datetime, datetime | None]]:
    rules = PriceRule.objects.order_by("effective_from_utc")
    return [(str(rule.amount), rule.effective_from_utc, rule.effective_until_utc) for rule in rules]


def price_at(instant: datetime) -> Decimal | None:
    return prices_in_force(instant).get(CELL)


def test_starting_prices_are_those_of_the_contract(as_of: datetime) -> None:
    assert starting_prices_load(as_of=as_of) == 10
    prices = prices_in_force(as_of)
    assert [str(prices[GOLD, bucket]) for bucket in AgeBucket] == ["10.00", "8.00", "6.00", "5.00", "4.00"]
    assert [str(prices[SILVER, bucket]) for bucket in AgeBucket] == ["7.50", "6.00", "4.50", "4.00", "3.00"]
    assert len(prices) == 10


def test_starting_prices_are_loaded_only_where_there_has_never_been_a_rule(now: datetime) -> None:
    set_price("99.00", now + HOUR, as_of=now)  # not in force yet, but a rule
    assert starting_prices_load(as_of=now) == 9
    assert starting_prices_load(as_of=now + MOMENT) == 0
    assert price_at(now) is None
    assert price_at(now + HOUR) == Decimal("99.00")


def test_the_command_loads_the_starting_prices_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_starting_prices")
    assert capsys.readouterr().out == "10 starting prices are in force from now on.\n"
    call_command("load_starting_prices")
    assert capsys.readouterr().out == "Every class and bucket has had a price already: nothing to do.\n"
    assert PriceRule.objects.count() == 10


def test_prices_in_force_take_one_query(as_of: datetime, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    starting_prices_load(as_of=as_of)
    with django_assert_num_queries(1):
        prices_in_force(as_of)


def test_without_a_rule_in_force_there_is_no_price_and_the_refusal_says_who_mends_it(as_of: datetime) -> None:
    assert prices_in_force(as_of) == {}
    refusal = NoPrice(classification=CELL[0], age_bucket=CELL[1])
    assert (refusal.code, refusal.status) == ("no_price", 409)
    assert (refusal.classification, refusal.age_bucket) == CELL
    assert "staff must set one" in refusal.message
    assert "nothing was sold" in refusal.message


def test_a_change_closes_the_rule_in_force_and_opens_the_next_at_the_same_instant(now: datetime) -> None:
    set_price("10.00", now)
    changed = now + HOUR
    set_price("9.00", changed)
    assert history() == [("10.00", now, changed), ("9.00", changed, None)]
    assert price_at(now - MOMENT) is None
    assert price_at(now) == Decimal("10.00")
    assert price_at(changed - MOMENT) == Decimal("10.00")
    assert price_at(changed) == Decimal("9.00")
    assert [rule.amount for rule in PriceRule.objects.in_force(changed)] == [Decimal("9.00")]


def test_a_change_leaves_the_prices_of_other_classes_and_buckets(now: datetime) -> None:
    starting_prices_load(as_of=now)
    before = prices_in_force(now)
    set_price("9.00", now + HOUR, as_of=now)
    assert prices_in_force(now) == before
    assert prices_in_force(now + HOUR) == {**before, CELL: Decimal("9.00")}


def test_a_change_may_lie_in_the_future(now: datetime) -> None:
    set_price("10.00", now)
    set_price("12.00", now + 5 * HOUR, as_of=now)
    set_price("11.00", now + 3 * HOUR, as_of=now)
    assert history() == [
        ("10.00", now, now + 3 * HOUR),
        ("11.00", now + 3 * HOUR, now + 5 * HOUR),
        ("12.00", now + 5 * HOUR, None),
    ]


def test_a_change_now_lasts_until_the_next_change_that_is_set_already(now: datetime) -> None:
    set_price("10.00", now)
    set_price("12.00", now + 5 * HOUR, as_of=now)
    rule = set_price("9.00", now + HOUR, as_of=now)
    assert rule.effective_until_utc == now + 5 * HOUR
    assert history() == [
        ("10.00", now, now + HOUR),
        ("9.00", now + HOUR, now + 5 * HOUR),
        ("12.00", now + 5 * HOUR, None),
    ]


def test_a_first_price_before_one_that_is_set_ahead_ends_where_that_begins(now: datetime) -> None:
    set_price("12.00", now + 5 * HOUR, as_of=now)
    set_price("10.00", now)
    assert history() == [("10.00", now, now + 5 * HOUR), ("12.00", now + 5 * HOUR, None)]


def test_the_rule_says_who_entered_it(now: datetime) -> None:
    staff = StaffFactory()
    rule = price_set(
        classification=GOLD, age_bucket=CELL[1], amount=Decimal("1.00"), effective_from=now, as_of=now, by=staff
    )
    assert PriceRule.objects.get(pk=rule.pk).created_by == staff


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("-0.01", "A price is not negative."),
        ("8.005", "A price has at most two decimals."),
        ("10000.01", "A price is $10,000.00 at most."),
        ("NaN", "A price is a number of US dollars, for example 8.50."),
        ("Infinity", "A price is a number of US dollars, for example 8.50."),
        ("10.00", "is already $10.00."),
    ],
)
def test_an_amount_that_is_no_new_price_is_refused(now: datetime, amount: str, message: str) -> None:
    set_price("10.00", now)
    before = history()
    with pytest.raises(PriceRefused) as refusal:
        set_price(amount, now + HOUR, as_of=now)
    assert refusal.value.field == "amount"
    assert refusal.value.message.endswith(message)
    assert history() == before


@pytest.mark.parametrize("amount", ["0", "0.01", "10000.00", "8.5", "8.500"])
def test_amounts_at_the_limits_are_prices(now: datetime, amount: str) -> None:
    set_price(amount, now)
    assert price_at(now) == Decimal(amount)


def test_a_price_cannot_be_changed_in_the_past(now: datetime) -> None:
    set_price("10.00", now - HOUR)
    before = history()
    with pytest.raises(PriceRefused, match="cannot be changed in the past") as refusal:
        set_price("9.00", now - MOMENT, as_of=now)
    assert refusal.value.field == "effective_from"
    assert history() == before


@pytest.mark.parametrize("ahead", [timedelta(0), HOUR])
def test_a_second_price_from_the_very_same_instant_is_refused(now: datetime, ahead: timedelta) -> None:
    set_price("10.00", now - HOUR)
    set_price("9.00", now + ahead, as_of=now)
    before = history()
    with pytest.raises(PriceRefused, match=r"A price of \$9\.00 is already set") as refusal:
        set_price("7.00", now + ahead, as_of=now)
    assert refusal.value.field == "effective_from"
    assert history() == before


def test_what_the_database_counts_as_past_by_now_is_refused_in_words(now: datetime) -> None:
    set_price("10.00", now - 5 * HOUR)
    before = history()
    with pytest.raises(PriceRefused, match="Check the prices in force") as refusal:
        set_price("9.00", now - HOUR, as_of=now - HOUR)  # a clock that is an hour slow
    assert refusal.value.field == "effective_from"
    assert history() == before


def test_withdrawing_a_future_price_gives_its_time_back_to_the_price_before_it(now: datetime) -> None:
    set_price("10.00", now)
    middle = set_price("11.00", now + HOUR, as_of=now)
    last = set_price("12.00", now + 2 * HOUR, as_of=now)
    price_withdraw(rule=middle, as_of=now, by=None)
    assert history() == [("10.00", now, now + 2 * HOUR), ("12.00", now + 2 * HOUR, None)]
    price_withdraw(rule=last, as_of=now, by=None)
    assert history() == [("10.00", now, None)]


def test_withdrawing_the_only_price_leaves_nothing_for_sale(now: datetime) -> None:
    rule = set_price("10.00", now + HOUR, as_of=now)
    price_withdraw(rule=rule, as_of=now, by=None)
    assert history() == []


def test_a_price_that_has_begun_is_not_withdrawn(now: datetime) -> None:
    rule = set_price("10.00", now + HOUR, as_of=now)
    with pytest.raises(PriceRuleHasBegun):
        price_withdraw(rule=rule, as_of=now + HOUR, by=None)
    assert history() == [("10.00", now + HOUR, None)]


def test_a_price_that_began_meanwhile_is_not_withdrawn_whatever_the_page_believes(now: datetime) -> None:
    rule = set_price("10.00", now - MOMENT)
    with pytest.raises(PriceRuleHasBegun):
        price_withdraw(rule=rule, as_of=now - HOUR, by=None)  # a page that read the clock before
    assert history() == [("10.00", now - MOMENT, None)]


def test_withdrawing_twice_says_so(now: datetime) -> None:
    rule = set_price("10.00", now + HOUR, as_of=now)
    price_withdraw(rule=rule, as_of=now, by=None)
    with pytest.raises(PriceRuleIsGone, match="withdrawn already"):
        price_withdraw(rule=rule, as_of=now, by=None)


def test_messages_tell_instants_in_utc(now: datetime) -> None:
    ahead = datetime(2999, 3, 14, 15, 9, 26, tzinfo=UTC)
    set_price("10.00", ahead, as_of=now)
    with pytest.raises(PriceRefused, match="is already set from 2999-03-14 15:09:26 UTC"):
        set_price("9.00", ahead, as_of=now)
