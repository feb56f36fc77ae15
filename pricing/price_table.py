"""The prices of every class and bucket side by side, as staff see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule


class Price(NamedTuple):
    """One cell of the table: what is in force, what follows, and where to change it."""

    classification: Classification
    rule: PriceRule | None
    next: PriceRule | None
    change_url: str


def rules_not_over(as_of: datetime) -> list[PriceRule]:
    """The rules that are in force or will be, in the order in which they begin."""
    return list(PriceRule.objects.not_over(as_of).order_by("effective_from_utc"))


def price_table(rules: Sequence[PriceRule], as_of: datetime) -> list[tuple[AgeBucket, list[Price]]]:
    """By bucket, youngest first: each class's rule in force and the next one that is set. `rules` in the order in
    which they begin; those that are over at `as_of` are passed over."""
    cells: dict[tuple[str, str], list[PriceRule]] = {}
    for rule in rules:
        if rule.effective_until_utc is None or rule.effective_until_utc > as_of:
            cells.setdefault((rule.classification, rule.age_bucket), []).append(rule)
    return [
        (bucket, [_price(name, bucket, cells.get((name, bucket), []), as_of) for name in Classification])
        for bucket in AgeBucket
    ]


def _price(classification: Classification, bucket: AgeBucket, rules: list[PriceRule], as_of: datetime) -> Price:
    query = urlencode({"classification": classification, "age_bucket": bucket})
    return Price(
        classification=classification,
        rule=next((rule for rule in rules if rule.effective_from_utc <= as_of), None),
        next=next((rule for rule in rules if rule.effective_from_utc > as_of), None),
        change_url=f"{reverse('admin:pricing_pricerule_add')}?{query}",
    )
