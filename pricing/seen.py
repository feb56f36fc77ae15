"""What a form showed of the prices, so that nobody overwrites what somebody else has set meanwhile without a word."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Self

from django.core import signing

from homeshield.accounts.models import User
from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.instants import utc
from pricing.models import PriceRule

LONGEST = timedelta(days=1)
"""How long a page may lie open before it must be looked at again."""

_SALT = "pricing.seen"


class SeenRule(NamedTuple):
    """A price rule that a page showed; texts, as they stand in a token."""

    id: str
    classification: str
    age_bucket: str
    amount: str
    effective_from: str


@dataclass(frozen=True, slots=True)
class SeenPrices:
    """The rules that were not over at the instant (UTC) at which a page was opened.

    Of a rule nothing but its end changes, and that only where another is set or withdrawn. So the ids tell everything.
    """

    opened: datetime
    rules: tuple[SeenRule, ...]

    @classmethod
    def of(cls, rules: Iterable[PriceRule], *, opened: datetime) -> Self:
        seen = (
            SeenRule(
                str(rule.id),
                rule.classification,
                rule.age_bucket,
                str(rule.amount),
                rule.effective_from_utc.isoformat(),
            )
            for rule in rules
        )
        return cls(opened, tuple(seen))

    def token(self) -> str:
        """For a hidden field of the page."""
        return signing.dumps([self.opened.isoformat(), self.rules], salt=_SALT, compress=True)

    @classmethod
    def of_token(cls, token: str, *, as_of: datetime) -> Self | None:
        """What the page of a token showed; None where the token is none of ours, or older than LONGEST."""
        try:
            opened, rules = signing.loads(token, salt=_SALT)
        except signing.BadSignature:
            return None
        seen = cls(datetime.fromisoformat(opened), tuple(SeenRule(*rule) for rule in rules))
        return seen if as_of - seen.opened <= LONGEST else None

    def news(self, classification: Classification, age_bucket: AgeBucket, *, reader: User | None) -> list[str]:
        """What others have done to the prices of this class and bucket since, in sentences; nothing: nothing."""
        rules = PriceRule.objects.not_over(self.opened).filter(classification=classification, age_bucket=age_bucket)
        there = list(rules.select_related("created_by").order_by("created_at_utc", "id"))
        seen = [rule for rule in self.rules if (rule.classification, rule.age_bucket) == (classification, age_bucket)]
        ids_there, ids_seen = {str(rule.id) for rule in there}, {rule.id for rule in seen}
        return [
            *(_was_set(rule, reader) for rule in there if str(rule.id) not in ids_seen),
            *(_was_withdrawn(rule) for rule in seen if rule.id not in ids_there),
        ]


def _was_set(rule: PriceRule, reader: User | None) -> str:
    by = rule.created_by
    who = "A command" if by is None else "You" if by == reader else by.email
    return f"{who} set {dollars(rule.amount)} from {utc(rule.effective_from_utc)}."


def _was_withdrawn(rule: SeenRule) -> str:
    began = datetime.fromisoformat(rule.effective_from)
    return f"The price of {dollars(Decimal(rule.amount))} from {utc(began)} was withdrawn."
