"""A change of a price beside what it replaces, and whether it is unusual enough to be asked for once more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from django.core import signing

from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification

MOST_USUAL = Decimal("0.5")
"""Beyond this part of the old price, up or down, a change may be a slip of the keyboard."""

FAR_AHEAD = timedelta(days=365)
"""Beyond this, a date may have the wrong year."""

_SALT = "pricing.change"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """The amounts are in USD. `was`: in force right before the change, None where there is no price. `begins` (UTC) is
    None for a change that is made at once."""

    classification: Classification
    age_bucket: AgeBucket
    was: Decimal | None
    amount: Decimal
    begins: datetime | None

    @property
    def percent(self) -> Decimal | None:
        """By how many percent the price rises, to one decimal; None where there is no price to compare with."""
        if not self.was:
            return None
        return ((self.amount - self.was) / self.was * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def percent_label(self) -> str:
        """`+8,400%`, `-55.5%`; nothing where there is no percentage."""
        percent = self.percent
        return "" if percent is None else f"{percent:+,f}".removesuffix(".0") + "%"

    def questions(self, as_of: datetime) -> list[str]:
        """What is unusual about the change; nothing for one that is made without a question."""
        found = []
        if self.was is not None and abs(self.amount - self.was) > MOST_USUAL * self.was:
            found.append(f"The price {'rises' if self.amount > self.was else 'falls'} by more than 50%.")
        if not self.amount:
            found.append(f"At {dollars(self.amount)} leads are given away.")
        if self.begins and self.begins - as_of > FAR_AHEAD:
            found.append(f"The change begins more than a year from now, in {(self.begins - as_of).days:,} days.")
        return found

    def token(self) -> str:
        """The change for a hidden field, so that what is confirmed is what was shown."""
        begins = self.begins and self.begins.isoformat()
        was = None if self.was is None else str(self.was)
        facts = [self.classification, self.age_bucket, was, str(self.amount), begins]
        return signing.dumps(facts, salt=_SALT)

    @classmethod
    def of_token(cls, token: str) -> Self | None:
        """The change of a token; None where it is none of ours."""
        try:
            classification, age_bucket, was, amount, begins = signing.loads(token, salt=_SALT)
        except signing.BadSignature:
            return None
        return cls(
            classification=Classification(classification),
            age_bucket=AgeBucket(age_bucket),
            was=None if was is None else Decimal(was),
            amount=Decimal(amount),
            begins=datetime.fromisoformat(begins) if begins else None,
        )
