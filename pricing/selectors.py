from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from homeshield.lib.replica import reading_connection
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import NoPrice
from pricing.models import PriceRule


class Prices(dict[tuple[str, str], Decimal]):
    """Prices in USD by class and bucket. A missing one raises NoPrice (contract, "Price")."""

    def __missing__(self, cell: tuple[str, str]) -> Decimal:
        classification, age_bucket = cell
        raise NoPrice(classification=Classification(classification), age_bucket=AgeBucket(age_bucket))

    def of(self, criteria: Criteria) -> Decimal:
        """Returns the price of one lead. Raises NoPrice."""
        assert criteria.classification is not None
        assert criteria.age_bucket is not None
        return self[criteria.classification, criteria.age_bucket]


_PRICES = """
    SELECT classification, age_bucket, amount FROM pricing
    WHERE effective_from_utc <= %(as_of)s AND (effective_until_utc IS NULL OR effective_until_utc > %(as_of)s)
"""


def prices_in_force(as_of: datetime) -> Prices:
    """Plain SQL, because building the query took longer than running it."""
    with reading_connection().cursor() as cursor:
        cursor.execute(_PRICES, {"as_of": as_of})
        return prices_of(cursor.fetchall())


def prices_of(rows: Iterable[tuple[str, str, Decimal]]) -> Prices:
    """Builds Prices from (classification, bucket, amount) rows."""
    return Prices({(classification, age_bucket): amount for classification, age_bucket, amount in rows})


class TablePrice(NamedTuple):
    """The rule in force for a class and bucket, and the next."""

    classification: Classification
    rule: PriceRule | None
    next: PriceRule | None


def rules_not_over(as_of: datetime) -> list[PriceRule]:
    """Returns the rules in force or ahead, by start."""
    return list(PriceRule.objects.not_over(as_of).order_by("effective_from_utc"))


def price_table(rules: Sequence[PriceRule], as_of: datetime) -> list[tuple[AgeBucket, list[TablePrice]]]:
    """Returns the buckets, youngest first, with their classes. `rules` must be sorted by start."""
    firsts: dict[tuple[str, str, str], PriceRule] = {}
    for rule in rules:
        firsts.setdefault((rule.classification, rule.age_bucket, rule.status(as_of)), rule)
    return [
        (
            bucket,
            [
                TablePrice(name, firsts.get((name, bucket, "in force")), firsts.get((name, bucket, "future")))
                for name in Classification
            ],
        )
        for bucket in AgeBucket
    ]
