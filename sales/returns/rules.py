"""What becomes of a return, from facts alone (contract, "Return"): nothing here asks the database or the clock."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from uuid import UUID

from homeshield.lib.money import CENT
from sales.returns.models import ReturnReason, ReturnStatus

WINDOW_OF_CREDITS = timedelta(days=30)
"""What was credited and bought in these days is compared. A month is 30 days here."""


class Refusal(StrEnum):
    """Why a lead is not taken back, for programs."""

    NOT_FOUND = "sale_not_found"
    """Also for the sale of another client."""
    BEFORE = "returned_before"
    TOO_LATE = "too_late"
    NO_DUPLICATE = "no_duplicate"
    WITHIN_CRITERIA = "within_criteria"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sale that its client wants to return, and what the data says of it. `paid` is in USD."""

    sale_id: UUID
    lead_id: UUID
    sold_at_utc: datetime
    paid: Decimal
    returned: ReturnStatus | None = None
    """Where it was returned before: what became of that."""
    is_duplicate: bool = False
    """Whether the client owned a lead of the person before, or bought one with the same order, and did not return
    it."""
    is_outside: bool = False
    """Whether class, age bucket or place of the lead are not those of the line it was sold by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much the shop credits without a look, in USD, at one instant: up to `percent` of what was bought."""

    bought: Decimal
    credited: Decimal
    percent: int

    @property
    def most(self) -> Decimal:
        return self.bought * self.percent / 100

    @property
    def left(self) -> Decimal:
        """Never below zero: what was bought becomes less as the days pass. May have a fraction of a cent."""
        return max(self.most - self.credited, Decimal(0))

    @property
    def most_in_cents(self) -> Decimal:
        """`most` as people read it: rounded down, so that it promises nothing."""
        return self.most.quantize(CENT, ROUND_DOWN)

    @property
    def left_in_cents(self) -> Decimal:
        return self.left.quantize(CENT, ROUND_DOWN)

    def covers(self, amount: Decimal) -> bool:
        return self.credited + amount <= self.most

    def after(self, amount: Decimal) -> "Allowance":
        return replace(self, credited=self.credited + amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one return: a status, or with REFUSED the kind of refusal. Such a refusal leaves no row."""

    status: ReturnStatus
    refusal: Refusal | None = None


def returnable_until(sold_at_utc: datetime, *, days: int) -> datetime:
    """The instant from which a sale is not taken back any more."""
    return sold_at_utc + timedelta(days=days)


def credits_since(as_of: datetime) -> datetime:
    """What happened after this instant counts for the allowance at `as_of`."""
    return as_of - WINDOW_OF_CREDITS


def decide(
    candidate: Candidate | None, reason: ReturnReason, allowance: Allowance, *, days: int, as_of: datetime
) -> tuple[Verdict, Allowance]:
    """The verdict on one return, and the allowance after it. `candidate` is None where the client has no such sale.

    `days`: how long after its sale a lead is taken back.
    """
    if refusal := _refusal(candidate, reason, days=days, as_of=as_of):
        return Verdict(status=ReturnStatus.REFUSED, refusal=refusal), allowance
    assert candidate is not None
    if reason.is_proven:  # our own mistake: it uses nothing up
        return Verdict(status=ReturnStatus.ACCEPTED), allowance
    if allowance.covers(candidate.paid):
        return Verdict(status=ReturnStatus.ACCEPTED), allowance.after(candidate.paid)
    return Verdict(status=ReturnStatus.WAITING), allowance


def _refusal(candidate: Candidate | None, reason: ReturnReason, *, days: int, as_of: datetime) -> Refusal | None:
    if candidate is None:
        return Refusal.NOT_FOUND
    if candidate.returned is not None:
        return Refusal.BEFORE
    if as_of >= returnable_until(candidate.sold_at_utc, days=days):
        return Refusal.TOO_LATE
    if reason is ReturnReason.DUPLICATE and not candidate.is_duplicate:
        return Refusal.NO_DUPLICATE
    if reason is ReturnReason.OUTSIDE_CRITERIA and not candidate.is_outside:
        return Refusal.WITHIN_CRITERIA
    return None
