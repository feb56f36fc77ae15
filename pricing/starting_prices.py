"""The file of the starting prices: one line for each class and bucket. It is taken whole or refused whole."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import NoReturn

from django.conf import settings

from homeshield.lib.numbers import NotANumber, read_number
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import PriceRefused, StartingPricesRefused
from pricing.limits import price_check

STARTING_PRICES = settings.BASE_DIR / "fixtures" / "starting_prices.csv"

_HEADER = ["classification", "age_bucket", "amount"]

type Amounts = dict[tuple[Classification, AgeBucket], Decimal]


def starting_prices(path: Path | None = None) -> Amounts:
    """The amount in USD of every class and bucket. Raises StartingPricesRefused, which names the line at fault."""
    path = path or STARTING_PRICES
    amounts: Amounts = {}
    for number, row in _rows(path):
        cell, amount = _cell(path, number, row), _amount(path, number, row["amount"])
        if cell in amounts:
            _refuse(path, number, f"{cell[0]} {cell[1]} has a price above already.")
        amounts[cell] = amount
    missing = [
        f"{name} {bucket}" for name, bucket in product(Classification, AgeBucket) if (name, bucket) not in amounts
    ]
    if missing:
        raise StartingPricesRefused(reason=f"{path.name} lacks a line for {', '.join(missing)}.")
    return amounts


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line's number and its cells by their names."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        if next(reader, None) != _HEADER:
            _refuse(path, 1, f"The first line must be {','.join(_HEADER)}.")
        for cells in reader:
            if len(cells) != len(_HEADER):
                _refuse(path, reader.line_num, f"It has {len(cells)} cells, not {len(_HEADER)}.")
            yield reader.line_num, dict(zip(_HEADER, cells, strict=True))


def _cell(path: Path, number: int, row: dict[str, str]) -> tuple[Classification, AgeBucket]:
    try:
        return Classification(row["classification"]), AgeBucket(row["age_bucket"])
    except ValueError as error:
        _refuse(path, number, f"{error}: classes and buckets are written as in the API.")


def _amount(path: Path, number: int, text: str) -> Decimal:
    """A price above 0.00: nobody can ask a command once more whether leads are to be given away."""
    try:
        amount = read_number(text)
        price_check(amount)
    except (NotANumber, PriceRefused) as error:
        _refuse(path, number, f"{text!r} is not a price. {error}")
    if not amount:
        _refuse(path, number, "At 0.00 leads are given away. Set such a price in the staff pages, which ask once more.")
    return amount


def _refuse(path: Path, number: int, reason: str) -> NoReturn:
    raise StartingPricesRefused(reason=f"{path.name}, line {number}: {reason}")
