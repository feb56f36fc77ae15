"""Discounts and clients' own prices set, ended and withdrawn, one at a time under a table lock.

As with price rules, changes are rare, and readers never wait (pricing/changing/services.py).
"""

import logging
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from homeshield.accounts.models import Client, User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import utc
from pricing.changing.services import price_check
from pricing.dated import only_writer
from pricing.discounts.changes import ClientPriceChange, DiscountChange, Interval
from pricing.discounts.models import CODE, LEAST_PERCENTAGE, MOST_LEADS, MOST_PERCENTAGE, ClientPrice, DiscountRule
from pricing.errors import ChangedMeanwhile, ChangeNotConfirmed, DiscountRefused, HasBegun, PriceRefused
from pricing.selectors import price_book

logger = logging.getLogger(__name__)


def percentage_check(percentage: Decimal) -> None:
    """Raises DiscountRefused."""
    if not (percentage.is_finite() and LEAST_PERCENTAGE <= percentage <= MOST_PERCENTAGE):
        raise DiscountRefused(field="percentage", reason="A discount is 0.1 to 90 percent.")
    if percentage != percentage.quantize(Decimal("0.1")):
        raise DiscountRefused(field="percentage", reason="A percentage has at most one decimal.")


def code_check_form(code: str) -> None:
    """Raises DiscountRefused."""
    if code and not re.fullmatch(CODE, code):
        raise DiscountRefused(
            field="code", reason="A code has 3 to 32 letters, digits and hyphens, and begins with no hyphen."
        )


def discount_set(
    *,
    name: str,
    percentage: Decimal,
    as_of: datetime,
    by: User | None,
    least_leads: int = 1,
    client: Client | None = None,
    code: str = "",
    effective_from: datetime | None = None,
    effective_until: datetime | None = None,
    confirmed: str = "",
) -> DiscountRule:
    """Sets a discount from `effective_from` (UTC; None: now) until `effective_until` (None: without an end).

    Raises DiscountRefused, and ChangeNotConfirmed unless `confirmed` is the change's text (contract, "Money").
    """
    percentage_check(percentage)
    code_check_form(code)
    if not name.strip():
        raise DiscountRefused(field="name", reason="Give it a name. Buyers see it beside their price.")
    if not 1 <= least_leads <= MOST_LEADS:
        raise DiscountRefused(field="least_leads", reason=f"The least number of leads is 1 to {MOST_LEADS:,}.")
    begins = _begins(effective_from, effective_until, as_of)
    with only_writer(DiscountRule, too_late=HasBegun()):
        meanwhile = _at_the_same_time(begins, effective_until)
        if code and DiscountRule.objects.filter(code=code).exists():
            raise DiscountRefused(field="code", reason="There is or was a discount with this code. Choose another.")
        alike = meanwhile.filter(percentage=percentage, least_leads=least_leads, client=client, code=code or None)
        if twin := alike.first():
            raise DiscountRefused(field="percentage", reason=f"There is the same discount already: {twin}.")
        change = DiscountChange(
            name=name.strip(),
            percentage=percentage,
            least_leads=least_leads,
            client=client,
            code=code,
            interval=Interval(begins=effective_from, ends=effective_until),
            better=tuple(map(str, _better(meanwhile, percentage, least_leads, client, begins, effective_until))),
        )
        if str(change) != confirmed:
            raise ChangeNotConfirmed(change=change, questions=change.questions(as_of))
        rule = DiscountRule.objects.create(
            name=change.name,
            percentage=percentage,
            least_leads=least_leads,
            client=client,
            code=code or None,
            effective_from_utc=begins,
            effective_until_utc=effective_until,
            created_by=by,
        )
        _record(AuditAction.DISCOUNT_SET, rule, by=by, as_of=as_of)
    return rule


def _at_the_same_time(begins: datetime, ends: datetime | None) -> Any:
    meanwhile = DiscountRule.objects.not_over(begins)
    return meanwhile.filter(effective_from_utc__lt=ends) if ends else meanwhile


def _better(
    meanwhile: Any,
    percentage: Decimal,
    least_leads: int,
    client: Client | None,
    begins: datetime,
    ends: datetime | None,
) -> Any:
    """Discounts that all who get the new one get as well, all the time, and that take as much off or more."""
    until = Q(effective_until_utc__isnull=True)
    return meanwhile.filter(
        Q(client__isnull=True) | Q(client=client) if client else Q(client__isnull=True),
        until | Q(effective_until_utc__gte=ends) if ends else until,
        code__isnull=True,
        percentage__gte=percentage,
        least_leads__lte=least_leads,
        effective_from_utc__lte=begins,
    )


def client_price_set(
    *,
    client: Client,
    classification: Classification,
    age_bucket: AgeBucket,
    amount: Decimal,
    as_of: datetime,
    by: User | None,
    effective_from: datetime | None = None,
    effective_until: datetime | None = None,
    confirmed: str = "",
) -> ClientPrice:
    """Sets a client's own price in USD from `effective_from` (UTC; None: now). Its price before ends there.

    Raises DiscountRefused, and ChangeNotConfirmed unless `confirmed` is the change's text (contract, "Money").
    """
    try:
        price_check(amount)
    except PriceRefused as refusal:
        raise DiscountRefused(field="amount", reason=refusal.reason) from refusal
    begins = _begins(effective_from, effective_until, as_of)
    with only_writer(ClientPrice, too_late=HasBegun()):
        cell = ClientPrice.objects.filter(client=client, classification=classification, age_bucket=age_bucket)
        before = cell.in_force(begins).first()
        after = cell.filter(effective_from_utc__gt=begins).order_by("effective_from_utc").first()
        if before and before.effective_from_utc == begins:
            raise DiscountRefused(field="effective_from", reason=f"A price already starts then: {before}.")
        if after and (effective_until is None or effective_until > after.effective_from_utc):
            raise DiscountRefused(
                field="effective_until",
                reason=f"Another price of this client starts at {utc(after.effective_from_utc)}. End this one by then.",
            )
        book = price_book(client_id=client.id, as_of=begins)
        change = ClientPriceChange(
            client=client,
            classification=classification,
            age_bucket=age_bucket,
            amount=amount,
            interval=Interval(begins=effective_from, ends=effective_until),
            general=book.general.get((classification, age_bucket)),
            was=book.for_order(1).get((classification, age_bucket)),
            replaces=before.amount if before else None,
        )
        if str(change) != confirmed:
            raise ChangeNotConfirmed(change=change, questions=change.questions(as_of))
        if before:
            before.effective_until_utc = begins
            before.save(update_fields=["effective_until_utc"])
        price = ClientPrice.objects.create(
            client=client,
            classification=classification,
            age_bucket=age_bucket,
            amount=amount,
            effective_from_utc=begins,
            effective_until_utc=effective_until,
            created_by=by,
        )
        _record(AuditAction.CLIENT_PRICE_SET, price, by=by, as_of=as_of)
    return price


def dated_end(
    row: DiscountRule | ClientPrice, *, ends: datetime | None, seen: datetime | None, as_of: datetime, by: User | None
) -> None:
    """Ends a discount or a client's price at `ends` (UTC; None: now), which lies within its interval.

    `seen` is the end that the page showed. Raises DiscountRefused, HasBegun where it is over, ChangedMeanwhile.
    """
    model = type(row)
    with only_writer(model, too_late=HasBegun()):
        current = model._default_manager.filter(pk=row.pk).first()
        if current is None:
            raise ChangedMeanwhile(news="It has been withdrawn.")
        if current.effective_until_utc != seen:
            until = utc(current.effective_until_utc) if current.effective_until_utc else "open"
            raise ChangedMeanwhile(news=f"Its end was changed meanwhile: it is {until}.")
        if current.status(as_of) != "in force":
            raise DiscountRefused(
                field="ends", reason="It is not in force, so it cannot be ended. Withdraw it instead."
            )
        instant = ends or as_of
        if instant < as_of:
            raise DiscountRefused(field="ends", reason=f"It cannot end in the past: it is {utc(as_of)} now.")
        if seen and instant > seen:
            raise DiscountRefused(field="ends", reason=f"It ends at {utc(seen)} already. Choose an earlier time.")
        current.effective_until_utc = instant
        current.save(update_fields=["effective_until_utc"])
        _record(_ACTIONS[model][0], current, by=by, as_of=as_of)


def dated_withdraw(row: DiscountRule | ClientPrice, *, as_of: datetime, by: User | None) -> None:
    """Removes what is not in force yet. Raises HasBegun, ChangedMeanwhile."""
    model = type(row)
    with only_writer(model, too_late=HasBegun()):
        current = model._default_manager.filter(pk=row.pk).first()
        if current is None:
            raise ChangedMeanwhile(news="It has been withdrawn already.")
        if current.effective_from_utc <= as_of:
            raise HasBegun
        _record(_ACTIONS[model][1], current, by=by, as_of=as_of)
        current.delete()


_ACTIONS: dict[type[DiscountRule | ClientPrice], tuple[AuditAction, AuditAction]] = {
    DiscountRule: (AuditAction.DISCOUNT_END, AuditAction.DISCOUNT_WITHDRAW),
    ClientPrice: (AuditAction.CLIENT_PRICE_END, AuditAction.CLIENT_PRICE_WITHDRAW),
}


def _begins(begins: datetime | None, ends: datetime | None, as_of: datetime) -> datetime:
    """Raises DiscountRefused."""
    instant = begins or as_of
    if instant < as_of:
        raise DiscountRefused(field="effective_from", reason=f"It cannot start in the past: it is {utc(as_of)} now.")
    if ends is not None and ends <= instant:
        raise DiscountRefused(field="effective_until", reason=f"It must end after it starts, at {utc(instant)}.")
    return instant


def _record(action: AuditAction, row: DiscountRule | ClientPrice, *, by: User | None, as_of: datetime) -> None:
    details: dict[str, Any] = {"effective_from": row.effective_from_utc, "effective_until": row.effective_until_utc}
    if isinstance(row, DiscountRule):
        details |= {"percentage": row.percentage, "least_leads": row.least_leads, "code": row.code}
    else:
        details |= {"classification": row.classification, "age_bucket": row.age_bucket, "amount": row.amount}
    audit_record(
        action=action,
        obj=(row._meta.label_lower, row.id),
        actor=by,
        client_id=row.client_id,
        details=details,
        as_of=as_of,
    )
    logger.info("%s %s by user %s", action, row.id, by.id if by else None)
