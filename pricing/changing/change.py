from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification

MOST_USUAL = Decimal("0.5")
"""A larger relative change may be a typo."""

FAR_AHEAD = timedelta(days=365)
"""A later date may have the wrong year."""


def utc(instant: datetime) -> str:
    """Formats as `2026-03-14 15:09:26 UTC`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """In USD. `was` is the price just before. `begins` None means now."""

    classification: Classification
    age_bucket: AgeBucket
    was: Decimal | None
    amount: Decimal
    begins: datetime | None

    @property
    def percent_label(self) -> str:
        """`+8,400%`, `-55.5%`; empty without an old price."""
        if not self.was:
            return ""
        percent = ((self.amount - self.was) / self.was * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return f"{percent:+,f}".removesuffix(".0") + "%"

    def questions(self, as_of: datetime) -> list[str]:
        """Returns what is unusual, as messages."""
        found = []
        if self.was is not None and abs(self.amount - self.was) > MOST_USUAL * self.was:
            found.append(f"The price {'rises' if self.amount > self.was else 'falls'} by more than 50%.")
        if not self.amount:
            found.append(f"At {dollars(self.amount)} you give leads away.")
        if self.begins and self.begins - as_of > FAR_AHEAD:
            found.append(f"The change starts more than a year from now, in {(self.begins - as_of).days:,} days.")
        return found

    def __str__(self) -> str:
        """The page sends this back to confirm exactly the shown change."""
        was = "no price" if self.was is None else dollars(self.was)
        begins = utc(self.begins) if self.begins else "now"
        return f"{self.classification} {self.age_bucket}: {was} to {dollars(self.amount)}, {begins}"
