"""The contract as a small program over lists: what the shop must show, sell and refuse. It knows no database."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import UUID

BUCKETS = {"MONTH_3_TO_5": 90, "MONTH_6_TO_8": 180, "MONTH_9_TO_11": 270, "MONTH_12_TO_23": 360, "MONTH_24_PLUS": 720}

type Cell = tuple[str, str]
type Line = tuple[str, str, str | None, str | None, int]
"""Class, bucket, state, county, quantity."""


def bucket_at(created: datetime, now: datetime) -> str | None:
    """The contract's table of ages."""
    days = (now - created) // timedelta(hours=24)
    return next((name for name, first in reversed(BUCKETS.items()) if days >= first), None)


@dataclass(eq=False)
class Record:
    """The right to sell one lead in one bucket, and to whom it went."""

    lead: "Lead"
    bucket: str
    owner: str | None = None

    def sellable(self, now: datetime) -> bool:
        return self.owner is None and bucket_at(self.lead.created, now) == self.bucket and not self.lead.is_withheld

    def sellable_to(self, client: str, now: datetime) -> bool:
        return self.sellable(now) and client not in self.lead.owners()

    def fits(self, line: Line) -> bool:
        classification, bucket, state, county, _ = line
        lead = self.lead
        return (
            (lead.classification, self.bucket) == (classification, bucket)
            and state in (None, lead.state)
            and county in (None, lead.county)
        )

    @property
    def kind(self) -> tuple[str, str, str, str | None]:
        """What a replacement must share."""
        return self.lead.classification, self.bucket, self.lead.state, self.lead.county


@dataclass(eq=False)
class Lead:
    mortgage_id: str
    created: datetime
    classification: str
    state: str
    county: str | None
    person: int
    """Who called: the number that they called from."""
    records: dict[str, Record] = field(default_factory=dict)
    id: UUID | None = None
    withdrawals: int = 0
    """How many hold."""
    linked: "list[Lead]" = field(default_factory=list)
    """The other leads of the person."""

    def owners(self) -> set[str]:
        """Who bought a lead of the person."""
        return {record.owner for lead in (self, *self.linked) for record in lead.records.values() if record.owner}

    @property
    def is_withheld(self) -> bool:
        return self.withdrawals > 0 or any(
            other.withdrawals == 0 and (other.created, other.id) > (self.created, self.id) for other in self.linked
        )


@dataclass
class Market:
    """All leads by mortgage id, and the price history of each (class, bucket)."""

    leads: dict[str, Lead] = field(default_factory=dict)
    prices: dict[Cell, Decimal] = field(default_factory=dict)

    def load(self, lead: Lead, now: datetime) -> bool:
        """Whether the row is a new lead."""
        if lead.mortgage_id in self.leads:
            return False
        self.leads[lead.mortgage_id] = lead
        self.enter_bucket(lead, now)
        return True

    def withhold(self, now: datetime, change: Callable[[], object]) -> None:
        """Makes a change, after which leads that it releases are in the bucket of their age at once."""
        before = [lead for lead in self.leads.values() if lead.is_withheld]
        change()
        for lead in before:
            self.enter_bucket(lead, now)

    def meet(self) -> None:
        """Who is of one person with whom. A number of more than five leads is nobody's."""
        calls = Counter(lead.person for lead in self.leads.values())
        for lead in self.leads.values():
            others = self.leads.values() if calls[lead.person] <= 5 else ()
            lead.linked = [other for other in others if other is not lead and other.person == lead.person]

    def enter_bucket(self, lead: Lead, now: datetime) -> bool:
        """Whether the lead gets a record for the bucket that it is in."""
        bucket = bucket_at(lead.created, now)
        if bucket is None or bucket in lead.records or lead.is_withheld:
            return False
        lead.records[bucket] = Record(lead, bucket)
        return True

    def roll(self, now: datetime) -> int:
        return sum([self.enter_bucket(lead, now) for lead in self.leads.values()])

    def records(self) -> Iterator[Record]:
        return (record for lead in self.leads.values() for record in lead.records.values())

    def available(self, line: Line, client: str, now: datetime) -> list[Record]:
        return [record for record in self.records() if record.fits(line) and record.sellable_to(client, now)]

    def can_fill(self, lines: Sequence[Line], client: str, now: datetime) -> bool:
        """Whether each wanted lead can have a record of its own: a matching by augmenting paths."""
        slots = [line for line in lines for _ in range(line[4])]
        choices = {id(line): self.available(line, client, now) for line in lines}
        holder: dict[int, Line] = {}
        held: dict[int, int] = {}

        def place(slot: int, seen: set[int]) -> bool:
            for record in choices[id(slots[slot])]:
                if id(record) not in seen:
                    seen.add(id(record))
                    if id(record) not in held or place(held[id(record)], seen):
                        held[id(record)], holder[id(record)] = slot, slots[slot]
                        return True
            return False

        return all(place(slot, set()) for slot in range(len(slots)))

    def can_replace(self, named: Iterable[Record], client: str, now: datetime) -> tuple[bool, int]:
        """Whether every named record can be had or replaced by one of its kind, and how many must be replaced."""
        named = set(named)
        gone = [record for record in named if not record.sellable_to(client, now)]
        spare = [record for record in self.records() if record not in named and record.sellable_to(client, now)]
        kinds = {record.kind for record in gone}
        enough = all(
            sum(record.kind == kind for record in gone) <= sum(record.kind == kind for record in spare)
            for kind in kinds
        )
        return enough, len(gone)

    def total(self, lines: Sequence[Line]) -> Decimal | None:
        """What the lines cost in USD; None where one of them has no price."""
        prices = [self.prices.get((line[0], line[1])) for line in lines]
        if None in prices:
            return None
        return sum((price * line[4] for price, line in zip(prices, lines, strict=True) if price), Decimal("0.00"))


CELLS: list[Cell] = list(product(("Gold", "Silver"), BUCKETS))
