"""What leads cost at an instant."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from homeshield.lib.replica import browsing_connection
from leads.age import AgeBucket
from leads.classification import Classification

type Prices = dict[tuple[Classification, AgeBucket], Decimal]
"""Amounts in USD by classification and bucket. A missing key means: no rule in force, not for sale (NoPrice)."""


IN_FORCE = "rule.effective_from_utc <= {0} AND (rule.effective_until_utc IS NULL OR rule.effective_until_utc > {0})"
"""PriceRule.objects.in_force() as SQL, for what every order asks: building the query took longer than the answer."""


def prices_in_force(as_of: datetime) -> Prices:
    """The price in USD of every (classification, bucket) that has one at this instant, in one query.

    A pair without a rule in force is left out: the caller refuses with `NoPrice` and never assumes an amount
    (contract, "Price").
    """
    with browsing_connection().cursor() as cursor:
        cursor.execute(
            f"SELECT classification, age_bucket, amount FROM pricing rule WHERE {IN_FORCE.format('%(as_of)s')}",  # noqa: S608
            {"as_of": as_of},
        )
        return prices_of(cursor.fetchall())


def prices_of(rows: Iterable[tuple[str, str, Decimal]]) -> Prices:
    """Prices from rows of (classification, bucket, amount)."""
    return {(Classification(name), AgeBucket(bucket)): amount for name, bucket, amount in rows}
