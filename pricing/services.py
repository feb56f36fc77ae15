"""Changes of prices. Each one holds the table's only write lock, so that they come one after the other.

Price changes are rare and take milliseconds, so one lock for the whole table is the simplest that leaves no gap: it
also covers a (classification, bucket) that has no rule yet to lock. Readers, purchases among them, never wait for it.
"""

import csv
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import PriceRefused, PriceRuleHasBegun, PriceRuleIsGone
from pricing.models import PriceRule

MAX_AMOUNT = Decimal("10000.00")
"""The highest price in USD that is taken for meant; what is above it is taken for a slip of the keyboard."""

STARTING_PRICES = settings.BASE_DIR / "fixtures" / "starting_prices.csv"

logger = logging.getLogger(__name__)


def price_set(
    *,
    classification: Classification,
    age_bucket: AgeBucket,
    amount: Decimal,
    effective_from: datetime,
    as_of: datetime,
    by: User | None,
) -> PriceRule:
    """Make `amount` (USD) the price from `effective_from` (UTC) until the next change that is already set.

    The rule in force at that instant ends at it. Raises PriceRefused, which names the argument at fault, where the
    amount is no price, the instant lies before `as_of`, or the change would change nothing (contract, "Price").
    """
    price_check(amount)
    if effective_from < as_of:
        _refuse("effective_from", f"A price cannot be changed in the past: it is {utc(as_of)} now.")
    cell = PriceRule.objects.filter(classification=classification, age_bucket=age_bucket)
    try:
        with _only_writer():
            before = cell.in_force(effective_from).first()
            after = cell.filter(effective_from_utc__gt=effective_from).order_by("effective_from_utc").first()
            if before:
                _check_change(before, amount, effective_from)
                before.effective_until_utc = effective_from
                before.save(update_fields=["effective_until_utc"])
            rule = PriceRule.objects.create(
                classification=classification,
                age_bucket=age_bucket,
                amount=amount,
                effective_from_utc=effective_from,
                effective_until_utc=after.effective_from_utc if after else None,
                created_by=by,
            )
            _record(AuditAction.PRICE_SET, rule, was=before.amount if before else None, by=by, as_of=as_of)
    except IntegrityError as error:
        if not _is_history(error):
            raise
        _refuse(
            "effective_from",
            f"The price has changed meanwhile, or {utc(effective_from)} is past by now. "
            "Look at the prices in force and set yours again.",
        )
    logger.info("price rule %s set by user %s", rule.id, by.id if by else None)
    return rule


def price_check(amount: Decimal) -> None:
    """Raises PriceRefused for an amount that is no price: negative, finer than a cent, above MAX_AMOUNT."""
    if not amount.is_finite():
        _refuse("amount", "A price is a number of US dollars, for example 8.50.")
    if amount < 0:
        _refuse("amount", "A price is not negative.")
    if amount > MAX_AMOUNT:
        _refuse("amount", f"A price is {dollars(MAX_AMOUNT)} at most.")
    if amount != amount.quantize(Decimal("0.01")):
        _refuse("amount", "A price has at most two decimals.")


def price_withdraw(*, rule: PriceRule, as_of: datetime, by: User | None) -> None:
    """Take back a rule that is not in force yet; the rule before it then lasts until where this one would have ended.

    Raises PriceRuleHasBegun where it is or was in force, PriceRuleIsGone where it has been withdrawn already.
    """
    try:
        with _only_writer():
            future = PriceRule.objects.filter(pk=rule.pk).first()
            if future is None:
                raise PriceRuleIsGone
            if future.effective_from_utc <= as_of:
                raise PriceRuleHasBegun
            _record(AuditAction.PRICE_WITHDRAW, future, was=future.amount, by=by, as_of=as_of)
            future.delete()
            PriceRule.objects.filter(
                classification=future.classification,
                age_bucket=future.age_bucket,
                effective_until_utc=future.effective_from_utc,
            ).update(effective_until_utc=future.effective_until_utc)
    except IntegrityError as error:
        if not _is_history(error):
            raise
        raise PriceRuleHasBegun from error
    logger.info("price rule %s withdrawn by user %s", rule.pk, by.id if by else None)


def starting_prices_load(*, as_of: datetime) -> int:
    """Put the starting prices in force from `as_of` on, and say how many: only where there has never been a rule."""
    with _only_writer():
        priced = set(PriceRule.objects.order_by().values_list("classification", "age_bucket").distinct())
        rules = [
            PriceRule(classification=name, age_bucket=bucket, amount=amount, effective_from_utc=as_of)
            for name, bucket, amount in _starting_prices()
            if (name, bucket) not in priced
        ]
        for rule in PriceRule.objects.bulk_create(rules):
            _record(AuditAction.PRICE_SET, rule, was=None, by=None, as_of=as_of)
        return len(rules)


def _record(action: AuditAction, rule: PriceRule, *, was: Decimal | None, by: User | None, as_of: datetime) -> None:
    """For the auditor, in the same transaction: what the price is, what it was, and from when (USD, UTC)."""
    audit_record(
        action=action,
        obj=("pricing.pricerule", rule.id),
        actor=by,
        details={
            "classification": rule.classification,
            "age_bucket": rule.age_bucket,
            "amount": rule.amount,
            "was": was,
            "effective_from": rule.effective_from_utc,
        },
        as_of=as_of,
    )


@contextmanager
def _only_writer() -> Iterator[None]:
    """A transaction in which nobody else changes a price."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {PriceRule._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        yield


def _check_change(before: PriceRule, amount: Decimal, effective_from: datetime) -> None:
    if before.effective_from_utc == effective_from:
        _refuse(
            "effective_from",
            f"From {utc(effective_from)} a price of {dollars(before.amount)} is set already. "
            "Choose another instant, or withdraw that price first if it is not in force yet.",
        )
    if before.amount == amount:
        _refuse("amount", f"The price at {utc(effective_from)} is {dollars(amount)} already.")


def _refuse(field: str, message: str) -> NoReturn:
    raise PriceRefused(field, message)


def _is_history(error: IntegrityError) -> bool:
    """Whether the database refused because a rule is history by now: a race lost against the clock."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == "price_history_is_kept"


def utc(instant: datetime) -> str:
    """`2026-03-14 15:09:26 UTC`"""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _starting_prices() -> Iterator[tuple[Classification, AgeBucket, Decimal]]:
    with STARTING_PRICES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Classification(row["classification"]), AgeBucket(row["age_bucket"]), Decimal(row["amount"])
