"""What leads cost at an instant."""

from datetime import datetime
from decimal import Decimal

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule

type Prices = dict[tuple[Classification, AgeBucket], Decimal]
"""Amounts in USD by classification and bucket. A missing key means: no rule in force, not for sale (NoPrice)."""


def prices_in_force(as_of: datetime) -> Prices:
    """The price in USD of every (classification, bucket) that has one at this instant, in one query.

    A pair without a rule in force is left out: the caller refuses with `NoPrice` and never assumes an amount
    (contract, "Price").
    """
    rules = PriceRule.objects.in_force(as_of).values_list("classification", "age_bucket", "amount").order_by()
    return {(Classification(name), AgeBucket(bucket)): amount for name, bucket, amount in rules}
