"""What a page showed of the prices, so that nobody overwrites unseen what somebody else has set meanwhile."""

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
"""A page that was open for longer must be looked at again."""

_SALT = "pricing.seen"


class SeenRule(NamedTuple):
    """A price rule that a page showed. `price` says the amount and from when."""

    id: str
    classification: str
    age_bucket: str
    price: str


@dataclass(frozen=True, slots=True)
class SeenPrices:
    """The rules in force or ahead when a page was opened (UTC).

    Of a rule only its end ever changes, and only when another is set or withdrawn. So their ids tell everything.
    """

    opened: datetime
    rules: list[SeenRule]

    @classmethod
    def of(cls, rules: Iterable[PriceRule], *, opened: datetime) -> Self:
        seen = [SeenRule(str(rule.id), rule.classification, rule.age_bucket, _price(rule)) for rule in rules]
        return cls(opened, seen)

    def token(self) -> str:
        """For a hidden field of the page."""
        return signing.dumps([self.opened.isoformat(), self.rules], salt=_SALT, compress=True)

    @classmethod
    def of_token(cls, token: str, *, as_of: datetime) -> Self | None:
        """What the page of a token showed. None for a token that is not ours, or older than LONGEST."""
        try:
            opened, rules = signing.loads(token, salt=_SALT)
        except signing.BadSignature:
            return None
        seen = cls(datetime.fromisoformat(opened), [SeenRule(*rule) for rule in rules])
        return seen if as_of - seen.opened <= LONGEST else None

    def require_unchanged(self, classification: Classification, age_bucket: AgeBucket, *, reader: User | None) -> None:
        """Raises PriceChangedMeanwhile, which tells the reader what others did to this class and bucket since."""
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
