"""Price changes made at the same moment come one after the other: no gap, no overlap, no database error."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from threading import Event
from time import sleep

import pytest
from django.db import connection, transaction
from django.utils import timezone

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.services import price_withdraw
from pricing.errors import PriceRefused
from pricing.models import PriceRule
from pricing.starting_prices import starting_prices_load
from tests.concurrency.parallel import run_together
from tests.pricing.changes import price_set_anyway

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
PATIENCE = 20
"""Seconds after which a test that hangs fails."""


def set_price(cents: int, *, at: datetime, as_of: datetime) -> PriceRule:
    return price_set_anyway(
        classification=Classification.GOLD,
        age_bucket=AgeBucket.MONTH_3_TO_5,
        amount=Decimal(cents) / 100,
        effective_from=at,
        as_of=as_of,
    )


def assert_gapless(rules: list[PriceRule]) -> None:
    for rule, following in pairwise(rules):
        assert rule.effective_until_utc == following.effective_from_utc
    assert rules[-1].effective_until_utc is None


def in_order() -> list[PriceRule]:
    return list(PriceRule.objects.order_by("effective_from_utc"))


def test_changes_of_one_price_at_once_leave_no_gap(now: datetime) -> None:
    set_price(1000, at=now, as_of=now)
    results = run_together([partial(set_price, n, at=now + n * HOUR, as_of=now) for n in range(1, 9)])
    assert all(isinstance(result, PriceRule) for result in results)
    rules = in_order()
    assert [int(rule.amount * 100) for rule in rules] == [1000, 1, 2, 3, 4, 5, 6, 7, 8]
    assert_gapless(rules)


def test_first_prices_from_one_instant_at_once_give_one_price_and_clear_refusals(now: datetime) -> None:
    results = run_together([partial(set_price, n, at=now, as_of=now) for n in range(1, 7)])
    assert len([result for result in results if isinstance(result, PriceRule)]) == 1
    refusals = [result for result in results if isinstance(result, PriceRefused)]
    assert {refusal.field for refusal in refusals} == {"effective_from"}
    assert len(refusals) == 5
    assert PriceRule.objects.count() == 1


def test_changing_and_withdrawing_at_once_leaves_no_gap(now: datetime) -> None:
    set_price(1000, at=now, as_of=now)
    ahead = [set_price(n, at=now + 2 * n * HOUR, as_of=now) for n in range(1, 5)]
    jobs: list[Callable[[], object]] = [partial(price_withdraw, rule=rule, as_of=now, by=None) for rule in ahead]
    jobs += [partial(set_price, 50 + n, at=now + (2 * n + 1) * HOUR, as_of=now) for n in range(1, 5)]
    results = run_together(jobs)
    assert [result for result in results if isinstance(result, Exception)] == []
    rules = in_order()
    assert [int(rule.amount * 100) for rule in rules] == [1000, 51, 52, 53, 54]
    assert_gapless(rules)


def test_starting_prices_loaded_at_once_are_there_once(now: datetime) -> None:
    assert sorted(run_together([partial(starting_prices_load, as_of=now)] * 4)) == [0, 0, 0, 10]  # type: ignore[type-var]
    assert PriceRule.objects.count() == 10


def test_who_waited_for_another_change_does_not_rewrite_what_is_in_force_by_now() -> None:
    now = timezone.now()
    soon = now + timedelta(seconds=0.3)
    set_price(1000, at=now - HOUR, as_of=now - HOUR)
    holding, waiting = Event(), Event()

    def first_to_write() -> PriceRule:
        with transaction.atomic():
            rule = set_price(900, at=soon, as_of=now)
            holding.set()
            assert waiting.wait(timeout=PATIENCE)
            while timezone.now() < soon:  # the change is in force before the other one gets to see it
                sleep(0.01)
            return rule

    def second_to_write() -> PriceRule:
        assert holding.wait(timeout=PATIENCE)
        waiting.set()
        return set_price(800, at=now, as_of=now)

    first, second = run_together([first_to_write, second_to_write])
    assert isinstance(first, PriceRule)
    assert isinstance(second, PriceRefused)
    assert "changed meanwhile" in second.message
    assert [(rule.amount, rule.effective_from_utc) for rule in in_order()] == [(10, now - HOUR), (9, soon)]


def test_reading_prices_never_waits_for_a_change(now: datetime) -> None:
    set_price(1000, at=now - HOUR, as_of=now - HOUR)

    def read() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        try:
            return list(PriceRule.objects.in_force(now).values_list("amount", flat=True))
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    with transaction.atomic():
        set_price(900, at=now, as_of=now)
        assert run_together([read]) == [[Decimal("10.00")]]
