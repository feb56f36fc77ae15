"""Price changes, one at a time under a table lock.

Changes are rare, and the lock also covers cells without a rule. Readers, including purchases, never wait.
"""

import logging
from datetime import datetime
from decimal import Decimal

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.money import CENT, dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import PriceChange, utc
from pricing.changing.seen import SeenPrices
from pricing.dated import only_writer
from pricing.errors import AmountRefused, InstantRefused, PriceNotConfirmed, PriceRuleHasBegun, PriceRuleIsGone
from pricing.models import PriceRule

MAX_AMOUNT = Decimal("10000.00")
"""In USD. More is taken for a typo."""

logger = logging.getLogger(__name__)


def price_check(amount: Decimal) -> None:
    """Raises AmountRefused."""
    if not amount.is_finite():
        raise AmountRefused(reason="A price is a number of US dollars, for example 8.50.")
    if amount < 0:
        raise AmountRefused(reason="A price is not negative.")
    if amount > MAX_AMOUNT:
        raise AmountRefused(reason=f"A price is {dollars(MAX_AMOUNT)} at most.")
    if amount != amount.quantize(CENT):
        raise AmountRefused(reason="A price has at most two decimals.")


def price_set(
    *,
    classification: Classification,
    age_bucket: AgeBucket,
    amount: Decimal,
    effective_from: datetime | None,
    as_of: datetime,
    by: User | None,
    seen: SeenPrices | None = None,
    confirmed: str = "",
) -> PriceRule:
    """Sets the price in USD from `effective_from` (UTC; None: now) until the next planned change.

    Raises PriceRefused for a bad amount or instant or a change of nothing (contract, "Price"), PriceChangedMeanwhile if
    prices differ from `seen`, and PriceNotConfirmed for an unusual change unless `confirmed` is its text.
    """
    price_check(amount)
    begins, effective_from = effective_from, effective_from or as_of
    if effective_from < as_of:
        raise InstantRefused(reason=f"A price cannot be changed in the past: it is {utc(as_of)} now.")
    too_late = InstantRefused(
        reason=f"The price has changed meanwhile, or {utc(effective_from)} has passed. "
        "Check the prices in force and set yours again.",
    )
    with only_writer(PriceRule, too_late=too_late):
        if seen:
            seen.require_unchanged(classification, age_bucket, reader=by)
        cell = PriceRule.objects.filter(classification=classification, age_bucket=age_bucket)
        before = cell.in_force(effective_from).first()
        after = cell.filter(effective_from_utc__gt=effective_from).order_by("effective_from_utc").first()
        change = PriceChange(
            classification=classification,
            age_bucket=age_bucket,
            was=before.amount if before else None,
            amount=amount,
            begins=begins,
        )
        if before:
            _require_change(before, amount, effective_from)
        if str(change) != confirmed and (questions := change.questions(as_of)):
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
        price_record(AuditAction.PRICE_SET, rule, was=change.was, by=by, as_of=as_of)
    logger.info("price rule %s set by user %s", rule.id, by.id if by else None)
    return rule


def _require_change(before: PriceRule, amount: Decimal, effective_from: datetime) -> None:
    """Raises PriceRefused if the rule starts at that instant or has that amount."""
    if before.effective_from_utc == effective_from:
        raise InstantRefused(
            reason=f"A price of {dollars(before.amount)} is already set from {utc(effective_from)}. "
            "Choose another time, or withdraw that price first if it is not in force yet.",
        )
    if before.amount == amount:
        raise AmountRefused(reason=f"The price at {utc(effective_from)} is already {dollars(amount)}.")


def price_withdraw(*, rule: PriceRule, as_of: datetime, by: User | None, seen: SeenPrices | None = None) -> None:
    """Withdraws a future rule and extends the one before it.

    Raises PriceRuleHasBegun, PriceRuleIsGone, PriceChangedMeanwhile.
    """
    with only_writer(PriceRule, too_late=PriceRuleHasBegun()):
        future = PriceRule.objects.filter(pk=rule.pk).first()
        if future is None:
            raise PriceRuleIsGone
        if future.effective_from_utc <= as_of:
            raise PriceRuleHasBegun
        if seen:
            seen.require_unchanged(Classification(future.classification), AgeBucket(future.age_bucket), reader=by)
        price_record(AuditAction.PRICE_WITHDRAW, future, was=future.amount, by=by, as_of=as_of)
        future.delete()
        future.before().update(effective_until_utc=future.effective_until_utc)
    logger.info("price rule %s withdrawn by user %s", rule.pk, by.id if by else None)


def price_record(
    action: AuditAction, rule: PriceRule, *, was: Decimal | None, by: User | None, as_of: datetime
) -> None:
    """Records the change in the audit, in USD and UTC."""
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
