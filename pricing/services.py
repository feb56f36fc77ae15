"""Changes of prices. Each one holds the table's only write lock, so that they come one after the other.

Price changes are rare and take milliseconds, so one lock for the whole table is the simplest that leaves no gap: it
also covers a (classification, bucket) that has no rule yet to lock. Readers, purchases among them, never wait for it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

from django.db import IntegrityError, connection, transaction

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.change import PriceChange
from pricing.errors import (
    PriceChangedMeanwhile,
    PriceNotConfirmed,
    PriceRefused,
    PriceRuleHasBegun,
    PriceRuleIsGone,
)
from pricing.instants import utc
from pricing.limits import price_check
from pricing.models import PriceRule
from pricing.seen import SeenPrices
from pricing.starting_prices import starting_prices

logger = logging.getLogger(__name__)


def price_set(
    *,
    classification: Classification,
    age_bucket: AgeBucket,
    amount: Decimal,
    effective_from: datetime | None,
    as_of: datetime,
    by: User | None,
    seen: SeenPrices | None = None,
    confirmed: PriceChange | None = None,
) -> PriceRule:
    """Make `amount` (USD) the price from `effective_from` (UTC; None: now) until the next change that is already set.

    The rule in force at that instant ends at it. Raises PriceRefused, which names the argument at fault, where the
    amount is no price, the instant lies before `as_of`, or the change would change nothing (contract, "Price");
    PriceChangedMeanwhile where the prices are not those that were `seen`; and PriceNotConfirmed where the change is
    unusual and is not the one that was `confirmed`.
    """
    price_check(amount)
    begins, effective_from = effective_from, effective_from or as_of
    if effective_from < as_of:
        _refuse("effective_from", f"A price cannot be changed in the past: it is {utc(as_of)} now.")
    cell = PriceRule.objects.filter(classification=classification, age_bucket=age_bucket)
    try:
        with _only_writer():
            _check_seen(seen, classification, age_bucket, reader=by)
            before = cell.in_force(effective_from).first()
            after = cell.filter(effective_from_utc__gt=effective_from).order_by("effective_from_utc").first()
            if before:
                _check_change(before, amount, effective_from)
            change = PriceChange(
                classification=classification,
                age_bucket=age_bucket,
                was=before.amount if before else None,
                amount=amount,
                begins=begins,
            )
            if change != confirmed and (questions := change.questions(as_of)):
                raise PriceNotConfirmed(change=change, questions=questions)
            if before:
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
            _record(AuditAction.PRICE_SET, rule, was=change.was, by=by, as_of=as_of)
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


def price_withdraw(*, rule: PriceRule, as_of: datetime, by: User | None, seen: SeenPrices | None = None) -> None:
    """Take back a rule that is not in force yet; the rule before it then lasts until where this one would have ended.

    Raises PriceRuleHasBegun where it is or was in force, PriceRuleIsGone where it has been withdrawn already, and
    PriceChangedMeanwhile where the prices around it are not those that were `seen`.
    """
    try:
        with _only_writer():
            future = PriceRule.objects.filter(pk=rule.pk).first()
            if future is None:
                raise PriceRuleIsGone
            if future.effective_from_utc <= as_of:
                raise PriceRuleHasBegun
            _check_seen(seen, Classification(future.classification), AgeBucket(future.age_bucket), reader=by)
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
    """Put the starting prices in force from `as_of` on, and say how many: only where there has never been a rule.

    Nothing is replaced, so nothing is asked. Raises StartingPricesRefused before anything is written.
    """
    amounts = starting_prices()
    with _only_writer():
        priced = set(PriceRule.objects.order_by().values_list("classification", "age_bucket").distinct())
        rules = [
            PriceRule(classification=name, age_bucket=bucket, amount=amount, effective_from_utc=as_of)
            for (name, bucket), amount in amounts.items()
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


def _check_seen(
    seen: SeenPrices | None, classification: Classification, age_bucket: AgeBucket, *, reader: User | None
) -> None:
    if seen is not None and (news := seen.news(classification, age_bucket, reader=reader)):
        raise PriceChangedMeanwhile(news=" ".join(news))


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
    raise PriceRefused(field=field, reason=message)


def _is_history(error: IntegrityError) -> bool:
    """Whether the database refused because a rule is history by now: a race lost against the clock."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == "price_history_is_kept"
