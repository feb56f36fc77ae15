"""What a page showed, so that nobody overwrites a change they have not seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from django.core import signing

from homeshield.accounts.models import User
from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import utc
from pricing.errors import PriceChangedMeanwhile
from pricing.models import PriceRule

LONGEST = timedelta(days=1)
"""An older page must be reviewed again."""

_SALT = "pricing.seen"


class SeenRule(NamedTuple):
    id: str
    classification: str
    age_bucket: str
    price: str


@dataclass(frozen=True, slots=True)
class SeenPrices:
    """The rules in force or ahead when a page was opened (UTC).

    Ids suffice: a rule changes only when another is set or withdrawn.
    """

    opened: datetime
    rules: list[SeenRule]

    @classmethod
    def of(cls, rules: Iterable[PriceRule], *, opened: datetime) -> Self:
        seen = [SeenRule(str(rule.id), rule.classification, rule.age_bucket, _price(rule)) for rule in rules]
        return cls(opened, seen)

    def token(self) -> str:
        """For a hidden field."""
        return signing.dumps([self.opened.isoformat(), self.rules], salt=_SALT, compress=True)

    @classmethod
    def of_token(cls, token: str, *, as_of: datetime) -> Self | None:
        """Returns None for a forged token, or one older than LONGEST."""
        try:
            opened, rules = signing.loads(token, salt=_SALT)
        except signing.BadSignature:
            return None
        seen = cls(datetime.fromisoformat(opened), [SeenRule(*rule) for rule in rules])
        return seen if as_of - seen.opened <= LONGEST else None

    def require_unchanged(self, classification: Classification, age_bucket: AgeBucket, *, reader: User | None) -> None:
        """Raises PriceChangedMeanwhile, which tells what others did to this price."""
        cell = (classification, age_bucket)
        rules = PriceRule.objects.not_over(self.opened).filter(classification=classification, age_bucket=age_bucket)
        now = {str(rule.id): rule for rule in rules.select_related("created_by").order_by("created_at_utc", "id")}
        seen = {rule.id: rule for rule in self.rules if (rule.classification, rule.age_bucket) == cell}
        news = [f"{_setter(rule, reader)} set {_price(rule)}." for key, rule in now.items() if key not in seen]
        news += [f"The price of {rule.price} was withdrawn." for key, rule in seen.items() if key not in now]
        if news:
            raise PriceChangedMeanwhile(news=" ".join(news))


def _price(rule: PriceRule) -> str:
    return f"{dollars(rule.amount)} from {utc(rule.effective_from_utc)}"


def _setter(rule: PriceRule, reader: User | None) -> str:
    by = rule.created_by
    return "A command" if by is None else "You" if by == reader else by.email
