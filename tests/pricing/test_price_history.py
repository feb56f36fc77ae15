"""Contract, "Price": history is kept, and one rule at most is in force, by the database and whatever writes to it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
PAST, IN_FORCE, FUTURE = "past", "in force", "future"


@pytest.fixture
def rules(now: datetime) -> dict[str, PriceRule]:
    """A past rule, one in force and a future one of one class and bucket, without gaps."""
    begins, ends = [now - 2 * HOUR, now - HOUR, now + HOUR], [now - HOUR, now + HOUR, None]
    return {
        name: PriceRule.objects.create(
            classification=Classification.GOLD,
            age_bucket=AgeBucket.MONTH_3_TO_5,
            amount=Decimal("10.00"),
            effective_from_utc=begins[n],
            effective_until_utc=ends[n],
        )
        for n, name in enumerate([PAST, IN_FORCE, FUTURE])
    }


def attempt(sql: str, *parameters: Any) -> str | None:
    """The name of the constraint that refused the statement; None where it went through."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
    except IntegrityError as error:
        name: str = error.__cause__.diag.constraint_name  # type: ignore[union-attr]
        return name
    return None


@pytest.mark.parametrize(
    "change",
    [
        "amount = amount + 1",
        "classification = 'Silver'",
        "age_bucket = 'MONTH_6_TO_8'",
        "effective_from_utc = effective_from_utc + interval '1 second'",
        "created_at_utc = created_at_utc - interval '1 day'",
        "id = gen_random_uuid()",
    ],
)
@pytest.mark.parametrize("which", [PAST, IN_FORCE, FUTURE])
def test_no_fact_of_a_rule_but_its_end_ever_changes(rules: dict[str, PriceRule], which: str, change: str) -> None:
    before = list(PriceRule.objects.values())
    sql = f"UPDATE pricing SET {change} WHERE id = %s"
    assert attempt(sql, rules[which].id) == "price_history_is_kept"
    assert list(PriceRule.objects.values()) == before


@pytest.mark.parametrize("which", [PAST, IN_FORCE])
def test_a_rule_that_has_been_in_force_is_never_deleted(rules: dict[str, PriceRule], which: str) -> None:
    assert attempt("DELETE FROM pricing WHERE id = %s", rules[which].id) == "price_history_is_kept"
    assert PriceRule.objects.count() == 3


def test_a_future_rule_may_be_deleted(rules: dict[str, PriceRule]) -> None:
    assert attempt("DELETE FROM pricing WHERE id = %s", rules[FUTURE].id) is None
    assert set(PriceRule.objects.values_list("id", flat=True)) == {rules[PAST].id, rules[IN_FORCE].id}


@pytest.mark.parametrize(
    ("which", "end", "refused_by"),
    [
        (PAST, "now() + interval '1 day'", "price_history_is_kept"),
        (PAST, "effective_until_utc - interval '1 second'", "price_history_is_kept"),
        (PAST, "NULL", "price_history_is_kept"),
        (IN_FORCE, "clock_timestamp() - interval '61 seconds'", "price_history_is_kept"),
        (IN_FORCE, "clock_timestamp() - interval '50 seconds'", None),
        (IN_FORCE, "now()", None),
        (IN_FORCE, "NULL", "price_one_rule_at_any_instant"),
        (FUTURE, "now() + interval '2 hours'", None),
        (FUTURE, "effective_from_utc", "price_ends_after_it_begins"),
    ],
)
def test_the_end_of_a_rule_changes_only_until_it_has_come(
    rules: dict[str, PriceRule], which: str, end: str, refused_by: str | None
) -> None:
    sql = f"UPDATE pricing SET effective_until_utc = {end} WHERE id = %s"
    assert attempt(sql, rules[which].id) == refused_by


@pytest.mark.parametrize(
    ("begins", "ends", "refused_by"),
    [
        (-2.0, -1.5, "price_one_rule_at_any_instant"),
        (-1.5, -0.5, "price_one_rule_at_any_instant"),
        (0.5, 0.6, "price_one_rule_at_any_instant"),
        (-9.0, None, "price_one_rule_at_any_instant"),
        (-9.0, -1.9999, "price_one_rule_at_any_instant"),
        (-9.0, -2.0, None),  # up to the very instant at which the first one begins
    ],
)
def test_rules_of_one_class_and_bucket_never_overlap(
    rules: dict[str, PriceRule], now: datetime, begins: float, ends: float | None, refused_by: str | None
) -> None:
    sql = """INSERT INTO pricing (id, classification, age_bucket, amount, effective_from_utc, effective_until_utc)
             VALUES (gen_random_uuid(), 'Gold', 'MONTH_3_TO_5', 1, %s, %s)"""
    assert attempt(sql, now + begins * HOUR, ends and now + ends * HOUR) == refused_by


@pytest.mark.parametrize("other", [("Silver", "MONTH_3_TO_5"), ("Gold", "MONTH_6_TO_8")])
def test_rules_of_different_classes_or_buckets_are_in_force_at_once(
    rules: dict[str, PriceRule], now: datetime, other: tuple[str, str]
) -> None:
    sql = """INSERT INTO pricing (id, classification, age_bucket, amount, effective_from_utc)
             VALUES (gen_random_uuid(), %s, %s, 1, %s)"""
    assert attempt(sql, *other, now - HOUR) is None


@pytest.mark.parametrize(
    ("classification", "bucket", "amount", "refused_by"),
    [
        ("Bronze", "MONTH_3_TO_5", "1", "price_classification_known"),
        ("Gold", "MONTH_0_TO_2", "1", "price_bucket_known"),
        ("Gold", "MONTH_3_TO_5", "-0.01", "price_not_negative"),
    ],
)
def test_what_is_no_price_is_no_row(
    now: datetime, classification: str, bucket: str, amount: str, refused_by: str
) -> None:
    sql = """INSERT INTO pricing (id, classification, age_bucket, amount, effective_from_utc)
             VALUES (gen_random_uuid(), %s, %s, %s, %s)"""
    assert attempt(sql, classification, bucket, amount, now) == refused_by
