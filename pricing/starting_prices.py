"""The starting prices: a file, loaded whole or refused."""

import csv
from datetime import datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

from django.conf import settings
from django.db import transaction

from homeshield.audit.actions import AuditAction
from homeshield.lib.numbers import NotANumber, read_number
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.services import price_check, price_record
from pricing.dated import changes_lock
from pricing.discounts.prices import GeneralPrices
from pricing.errors import PriceRefused, StartingPricesRefused
from pricing.models import PriceRule

STARTING_PRICES = settings.BASE_DIR / "fixtures" / "starting_prices.csv"

_HEADER = ["classification", "age_bucket", "amount"]


def starting_prices_load(*, as_of: datetime) -> int:
    """Sets the starting prices where no rule ever was. Returns how many.

    Raises StartingPricesRefused before writing.
    """
    prices = _read(STARTING_PRICES)
    with transaction.atomic():
        changes_lock(PriceRule)
        priced = set(PriceRule.objects.order_by().values_list("classification", "age_bucket").distinct())
        rules = [
            PriceRule(classification=cell[0], age_bucket=cell[1], amount=amount, effective_from_utc=as_of)
            for cell, amount in prices.items()
            if cell not in priced
        ]
        for rule in PriceRule.objects.bulk_create(rules):
            price_record(AuditAction.PRICE_SET, rule, was=None, by=None, as_of=as_of)
    return len(rules)


def _read(path: Path) -> GeneralPrices:
    """Raises StartingPricesRefused, which names the line."""
    prices = GeneralPrices()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            if next(reader, None) != _HEADER:
                raise ValueError(f"The first line must be {','.join(_HEADER)}.")
            for cells in reader:
                cell, amount = _line(cells)
                if cell in prices:
                    raise ValueError(f"{cell[0]} {cell[1]} has a price above already.")
                prices[cell] = amount
        except ValueError as fault:
            line = max(reader.line_num, 1)
            raise StartingPricesRefused(reason=f"{path.name}, line {line}: {fault}") from fault
    if missing := [" ".join(cell) for cell in product(Classification, AgeBucket) if cell not in prices]:
        raise StartingPricesRefused(reason=f"{path.name} lacks a line for {', '.join(missing)}.")
    return prices


def _line(cells: list[str]) -> tuple[tuple[Classification, AgeBucket], Decimal]:
    """Raises ValueError."""
    if len(cells) != len(_HEADER):
        raise ValueError(f"It has {len(cells)} cells, not {len(_HEADER)}.")
    classification, age_bucket, text = cells
    try:
        cell = Classification(classification), AgeBucket(age_bucket)
    except ValueError as error:
        raise ValueError(f"{error}: classes and buckets are written as in the API.") from error
    try:
        amount = read_number(text)
        price_check(amount)
    except (NotANumber, PriceRefused) as error:
        raise ValueError(f"{text!r} is not a price. {error}") from error
    if not amount:
        raise ValueError("At 0.00 leads are given away. Set such a price in the staff pages, which ask once more.")
    return cell, amount
