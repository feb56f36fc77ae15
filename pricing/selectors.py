"""What leads cost at an instant."""

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
    """Amounts in USD by class and bucket.

    `prices[classification, age_bucket]` raises NoPrice where no rule is in force (contract, "Price"). A page that shows
    what is not for sale asks `prices.get((classification, age_bucket))`.
    """

    def __missing__(self, cell: tuple[str, str]) -> Decimal:
        classification, age_bucket = cell
        raise NoPrice(classification=Classification(classification), age_bucket=AgeBucket(age_bucket))

    def of(self, criteria: Criteria) -> Decimal:
        """The price of one lead under criteria that name a class and a bucket. Raises NoPrice."""
        assert criteria.classification is not None
        assert criteria.age_bucket is not None
        return self[criteria.classification, criteria.age_bucket]


_PRICES = """
    SELECT classification, age_bucket, amount FROM pricing
    WHERE effective_from_utc <= %(as_of)s AND (effective_until_utc IS NULL OR effective_until_utc > %(as_of)s)
"""


def prices_in_force(as_of: datetime) -> Prices:
    """The prices at an instant. Plain SQL: for what every page and order asks, building the query took longer."""
    with reading_connection().cursor() as cursor:
        cursor.execute(_PRICES, {"as_of": as_of})
        return prices_of(cursor.fetchall())


def prices_of(rows: Iterable[tuple[str, str, Decimal]]) -> Prices:
    """Prices from rows of (classification, bucket, amount)."""
    return Prices({(classification, age_bucket): amount for classification, age_bucket, amount in rows})


# --- For staff ---


class TablePrice(NamedTuple):
    """The rule in force for a class and bucket, and the next one that is set."""

    classification: Classification
    rule: PriceRule | None
    next: PriceRule | None


def rules_not_over(as_of: datetime) -> list[PriceRule]:
    """The rules in force or ahead, in the order in which they begin."""
    return list(PriceRule.objects.not_over(as_of).order_by("effective_from_utc"))


def price_table(rules: Sequence[PriceRule], as_of: datetime) -> list[tuple[AgeBucket, list[TablePrice]]]:
    """By bucket, youngest first, the prices of each class. `rules` in the order in which they begin."""
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
