"""The contract as a small program over lists: what the shop must show, sell and refuse. It knows no database.

Who may buy which lead, it asks the oracle.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import NamedTuple
from uuid import UUID

from tests.market.oracle import BUCKETS, Facts, Held, Inquiry, Reasons, Sold, bucket_at

type Cell = tuple[str, str]
type Spot = tuple[str | None, str | None]
"""A state and a county; None leaves it open."""


class Line(NamedTuple):
    """A territory has a share, and may have several places."""

    classification: str
    bucket: str
    places: tuple[Spot, ...]
    quantity: int
    share: str = ""


NOT_YET = UUID(int=0)
"""The id of a lead that the shop has not given one yet."""


@dataclass(eq=False)
class Record:
    """The right to sell one lead in one bucket, and to whom it went."""

    lead: "Lead"
    bucket: str
    owner: str | None = None

    def sellable(self, now: datetime) -> bool:
        return self.owner is None and bucket_at(self.lead.created, now) == self.bucket and not self.lead.held

    def sellable_to(self, client: str, now: datetime) -> bool:
        return self.sellable(now) and client not in self.lead.excluded

    def fits(self, line: Line) -> bool:
        cell = self.lead.classification, self.bucket
        return cell == (line.classification, line.bucket) and any(self.lies_in(*place) for place in line.places)

    def lies_in(self, state: str | None, county: str | None) -> bool:
        return state in (None, self.lead.state) and county in (None, self.lead.county)

    @property
    def kind(self) -> tuple[str, str, str, str | None]:
        """What a replacement must share."""
        return self.lead.classification, self.bucket, self.lead.state, self.lead.county


@dataclass(eq=False)
class Lead:
    created: datetime
    classification: str
    state: str
    county: str | None
    phones: frozenset[str]
    records: dict[str, Record] = field(default_factory=dict)
    id: UUID = NOT_YET
    held: Held | None = None
    excluded: dict[str, Reasons] = field(default_factory=dict)
    """For whom."""


@dataclass
class SuppressionList:
    client: str
    phones: frozenset[str]
    ends_on: date | None = None


@dataclass
class Offer:
    """A discount, in tenths of a percent; of everybody or one client, with or without a code."""

    tenths: int
    least: int
    client: str | None
    code: str | None
    ends: datetime | None

    def holds(self, client: str, code: str | None, leads: int, now: datetime) -> bool:
        return (
            (self.ends is None or now < self.ends)
            and self.client in (None, client)
            and self.code in (None, code)
            and self.least <= leads
        )


@dataclass
class Market:
    """All leads by what makes them one row of a file, and what each (class, bucket) costs, in general and by offers."""

    clients: Sequence[str]
    leads: dict[str, Lead] = field(default_factory=dict)
    prices: dict[Cell, Decimal] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    own: dict[tuple[str, Cell], Decimal] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    lists: dict[UUID, SuppressionList] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    """Numbers that no load brings in again."""
    told: set[tuple[UUID, str, str]] = field(default_factory=set)
    """Which client was told of which lead, and what is asked."""

    def load(self, row: str, lead: Lead, now: datetime) -> str:
        """Whether the row is a new lead, one that is known, or one that asked not to be sold."""
        if lead.phones & self.opted_out:
            return "opted out"
        if row in self.leads:
            return "known"
        self.leads[row] = lead
        self.enter_bucket(lead, now)
        return "new"

    def change(self, now: datetime, act: Callable[[], object]) -> None:
        """Makes a change, after which leads that it releases are in the bucket of their age at once."""
        before = [lead for lead in self.leads.values() if lead.held]
        act()
        self.ask_the_oracle()
        for lead in before:
            self.enter_bucket(lead, now)

    def ask_the_oracle(self) -> None:
        """Who is withheld, and who is excluded for whom."""
        for lead in self.leads.values():
            self.facts.inquiries.setdefault(lead.id, Inquiry(lead.created, lead.phones))
        self.facts.lists = {key: (each.client, each.phones) for key, each in self.lists.items()}
        held = self.facts.held()
        excluded = {client: self.facts.excluded(client) for client in self.clients}
        for lead in self.leads.values():
            lead.held = held.get(lead.id)
            lead.excluded = {client: leads[lead.id] for client, leads in excluded.items() if lead.id in leads}

    def sell(self, record: Record, client: str) -> None:
        record.owner = client
        self.facts.sales.add(Sold(client, record.lead.id, record.bucket))

    def bearing(self, phone: str) -> list[Lead]:
        return [lead for lead in self.leads.values() if phone in lead.phones]

    def opt_out(self, phone: str, withdrawal: str, *, erase: bool) -> None:
        """Every lead with the number is withdrawn for ever, every buyer told. The number stops later loads."""
        bearing = self.bearing(phone)
        self.opted_out.add(phone)
        self.facts.withdrawals[withdrawal] = frozenset(lead.id for lead in bearing)
        asks = "delete" if erase else "stop"
        self.told |= {
            (sold.lead, sold.client, asks) for sold in self.facts.sales for lead in bearing if lead.id == sold.lead
        }

    def erase(self, phone: str) -> int:
        """What describes the person goes. Returns of how many leads."""
        bearing = self.bearing(phone)
        for lead in bearing:
            self.facts.erase(lead.id)
            lead.phones = frozenset()
        rows = {row: f"erased {lead.id}" for row, lead in self.leads.items() if lead in bearing}
        self.leads = {rows.get(row, row): lead for row, lead in self.leads.items()}
        return len(bearing)

    def end_lists(self, today: date) -> None:
        """Those whose last day is over."""
        self.lists = {key: each for key, each in self.lists.items() if not each.ends_on or each.ends_on >= today}

    def enter_bucket(self, lead: Lead, now: datetime) -> bool:
        """Whether the lead gets a record for the bucket that it is in."""
        bucket = bucket_at(lead.created, now)
        if bucket is None or bucket in lead.records or lead.held:
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
        slots = [line for line in lines for _ in range(line.quantity)]
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

    def prices_of(self, client: str, leads: int, now: datetime, code: str | None = None) -> dict[Cell, Decimal]:
        """What one lead costs in an order of so many: in whole cents, half a cent counting as one."""
        tenths = [offer.tenths for offer in self.offers if offer.holds(client, code, leads, now)]
        found = {}
        for cell, general in self.prices.items():
            cents = int(general * 100)
            reduced = [(2 * cents * (1000 - off) + 1000) // 2000 for off in tenths]
            own = self.own.get((client, cell))
            found[cell] = Decimal(min([cents, *reduced, *([int(own * 100)] if own is not None else [])])) / 100
        return found

    def total(self, lines: Sequence[Line], client: str, now: datetime, code: str | None = None) -> Decimal | None:
        """What the lines cost in USD; None where one of them has no price."""
        paid = self.prices_of(client, sum(line.quantity for line in lines), now, code)
        prices = [paid.get((line.classification, line.bucket)) for line in lines]
        if None in prices:
            return None
        return sum((price * line.quantity for price, line in zip(prices, lines, strict=True) if price), Decimal("0.00"))


CELLS: list[Cell] = list(product(("Gold", "Silver"), BUCKETS))
