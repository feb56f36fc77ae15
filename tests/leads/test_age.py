"""Contract, "Age and age buckets"."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.age import NEVER, AgeBucket, age_days

CREATED = datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "days"),
    [
        (timedelta(0), 0),
        (timedelta(days=1) - SECOND, 0),
        (timedelta(days=1), 1),
        (timedelta(days=90) - SECOND, 89),
        (timedelta(days=90), 90),
        (-SECOND, -1),
    ],
)
def test_age_is_counted_in_whole_days_of_24_hours(age: timedelta, days: int) -> None:
    assert age_days(CREATED, CREATED + age) == days


def test_a_day_has_24_hours_also_where_clocks_change() -> None:
    """2026-03-08 has 23 hours on American clocks. Ages know only UTC."""
    midnight = datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert age_days(midnight, midnight + timedelta(hours=23)) == 0


@pytest.mark.parametrize(
    ("days", "before", "after"),
    [
        (90, None, AgeBucket.MONTH_3_TO_5),
        (180, AgeBucket.MONTH_3_TO_5, AgeBucket.MONTH_6_TO_8),
        (270, AgeBucket.MONTH_6_TO_8, AgeBucket.MONTH_9_TO_11),
        (360, AgeBucket.MONTH_9_TO_11, AgeBucket.MONTH_12_TO_23),
        (720, AgeBucket.MONTH_12_TO_23, AgeBucket.MONTH_24_PLUS),
    ],
)
def test_buckets_begin_and_end_to_the_second(days: int, before: AgeBucket | None, after: AgeBucket) -> None:
    boundary = CREATED + timedelta(days=days)
    assert AgeBucket.at(CREATED, boundary - SECOND) is before
    assert AgeBucket.at(CREATED, boundary) is after
    assert after.enters_at(CREATED) == boundary
    if before:
        assert before.expires_at(CREATED) == boundary


def test_a_new_lead_is_in_no_bucket_and_the_last_bucket_never_ends() -> None:
    assert AgeBucket.at(CREATED, CREATED) is None
    assert AgeBucket.at(CREATED, CREATED + timedelta(days=20_000)) is AgeBucket.MONTH_24_PLUS
    assert AgeBucket.MONTH_24_PLUS.next is None
    assert AgeBucket.MONTH_24_PLUS.expires_at(CREATED) == NEVER


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3000)))
def test_the_bucket_at_an_instant_is_the_one_whose_window_holds_it(age: timedelta) -> None:
    instant = CREATED + age
    holding = [b for b in AgeBucket if b.enters_at(CREATED) <= instant < b.expires_at(CREATED)]
    bucket = AgeBucket.at(CREATED, instant)
    assert holding == ([bucket] if bucket else [])
