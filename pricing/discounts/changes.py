"""What staff are about to set, as a page shows it before it counts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from homeshield.accounts.models import Client
from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import FAR_AHEAD, utc
from pricing.discounts.prices import Price

MOST_USUAL = Decimal(50)
"""Percent. More may be a typo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """In UTC. `begins` None means now, `ends` None without an end."""

    begins: datetime | None
    ends: datetime | None

    def questions(self, as_of: datetime) -> list[str]:
        if self.begins and self.begins - as_of > FAR_AHEAD:
            return [f"It starts more than a year from now, in {(self.begins - as_of).days:,} days."]
        return []

    def __str__(self) -> str:
        begins = utc(self.begins) if self.begins else "now"
        return f"from {begins} " + (f"until {utc(self.ends)}" if self.ends else "without an end")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountChange:
    name: str
    percentage: Decimal
    least_leads: int
    client: Client | None
    code: str
    interval: Interval
    better: tuple[str, ...] = ()
    """Discounts at the same time that leave this one without effect."""

    def questions(self, as_of: datetime) -> list[str]:
        """Returns what is unusual, as messages."""
        found = self.interval.questions(as_of)
        if self.percentage > MOST_USUAL:
            found.append("It takes more than half off.")
        if self.client is None and not self.code and self.interval.ends is None:
            found.append("It is for all clients, and has no end.")
        found += [f"Those who get it get as much or more by another one: {name}." for name in self.better]
        return found

    @property
    def audience(self) -> str:
        who = self.client.name if self.client else "all clients"
        return f"{who}, with the code {self.code}" if self.code else who

    def __str__(self) -> str:
        """The page sends this back to confirm exactly what it showed."""
        client = self.client.id if self.client else "all"
        return (
            f"{self.name!r} {self.percentage}% from {self.least_leads} leads for {client} code {self.code or '-'} "
            f"{self.interval}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPriceChange:
    """`general` is the general price when it begins, `was` what the client paid for one lead just before."""

    client: Client
    classification: Classification
    age_bucket: AgeBucket
    amount: Decimal
    interval: Interval
    general: Decimal | None
    was: Price | None
    replaces: Decimal | None
    """The client's own price that ends where this one begins."""

    def questions(self, as_of: datetime) -> list[str]:
        found = self.interval.questions(as_of)
        if not self.amount:
            found.append(f"At {dollars(self.amount)} you give leads away.")
        if self.general is None:
            found.append("There is no general price then, so these leads are not for sale. Set that one too.")
        elif self.amount >= self.general:
            found.append(f"It is not below the general price of {dollars(self.general)}, which the client pays then.")
        elif self.amount * 2 < self.general:
            found.append(f"It is less than half the general price of {dollars(self.general)}.")
        return found

    def __str__(self) -> str:
        was = "-" if self.replaces is None else dollars(self.replaces)
        return (
            f"{self.client.id} {self.classification} {self.age_bucket}: {was} to {dollars(self.amount)} {self.interval}"
        )
