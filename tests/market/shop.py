"""The shop and the model of it, side by side: files are loaded, days pass, the roll runs, prices change."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from homeshield.accounts.models import Client
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.facts.territory import Share, Territory
from inventory.models import InventoryRecord, SuppressionList
from inventory.suppression.models import LEAVING
from inventory.suppression.upkeep import lists_upkeep
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES
from leads.ingestion import ingest
from leads.models import Lead as LeadRow
from tests.factories import ClientFactory
from tests.inventory.suppression.lists import work
from tests.market.model import CELLS, Cell, Lead, Line, Market, Record, Spot
from tests.pricing.changes import price_set_anyway

CLIENTS = ("Abbot", "Breaux")
# Few kinds of lead and few places, so that orders meet: lines overlap, stock runs out, buyers own what rolls on.
PLACES = [("LA", "Caddo"), ("LA", "Orleans"), ("LA", ""), ("TX", "Travis")]
HOT: list[Cell] = [("Gold", "MONTH_3_TO_5"), ("Gold", "MONTH_6_TO_8"), ("Silver", "MONTH_6_TO_8")]
HEADER = [
    "Mortage ID", "Call In Date", "State", "County", "First Name", "Source", "Borrower Age", "Borrower Medical Issues",
    "Borrower Tobacco Use", "Co-Borrower ?", "Borrower Phone", "Call In Phone Number",
]  # fmt: skip


def phone_of(person: int) -> str:
    return f"318{1_000_000 + person}"


def row_of(number: object, created: object, state: object) -> str:
    """What makes two rows the same inquiry."""
    return f"{number} {created} {state}"


type Row = tuple[int, int, int, tuple[str, str], str, int, int | None]

ages = st.one_of(st.sampled_from([100, 150, 179, 190]), st.integers(0, 800))
callers = st.one_of(st.integers(0, 3), st.integers(10, 30), st.integers(10, 90))
"""Some call so often that their number is nobody's."""
others = st.one_of(st.none(), st.none(), callers)
rows: st.SearchStrategy[Row] = st.tuples(
    st.integers(0, 60),  # the mortgage id: repeats are duplicates
    ages,  # days ago
    st.integers(0, 86_399),  # and seconds
    st.sampled_from(PLACES),
    st.sampled_from(["CALL", "CALL", ""]),  # the source decides: Gold or Silver
    callers,  # whose number it is
    others,  # and whose phone was used
)
cells = st.one_of(st.sampled_from(HOT), st.sampled_from(HOT), st.sampled_from(CELLS))
spots: st.SearchStrategy[Spot] = st.sampled_from([(None, None), ("LA", None), ("LA", "Caddo"), ("LA", "Orleans")])
single_lines = st.builds(lambda cell, spot, n: Line(cell[0], cell[1], (spot,), n), cells, spots, st.integers(1, 3))
territories: st.SearchStrategy[tuple[Spot, ...]] = st.sampled_from([
    (("LA", "Caddo"), ("LA", "Orleans")), (("LA", "Orleans"), ("TX", "Travis")), (("LA", None), ("TX", None)),
    (("LA", "Caddo"), ("LA", "Orleans"), ("TX", "Travis")),
])  # fmt: skip
shares = st.sampled_from(Share)
territory_lines = st.builds(
    lambda cell, spots, n, share: Line(cell[0], cell[1], spots, n, str(share)),
    cells,
    territories,
    st.integers(1, 4),
    shares,
)
lines = st.one_of(single_lines, single_lines, territory_lines)
passing = st.builds(  # in whole seconds, as the call-center writes them
    lambda days, seconds: timedelta(days=days, seconds=seconds),
    st.one_of(st.just(90), st.integers(0, 2), st.integers(0, 500)),
    st.integers(0, 86_399),
)


def criteria(line: Line) -> Criteria:
    cell = Criteria(classification=Classification(line.classification), age_bucket=AgeBucket(line.bucket))
    places = tuple(Place(*spot) for spot in line.places)
    return replace(cell, territory=Territory(places, Share(line.share))) if line.share else cell.at(*places)


class Shop(RuleBasedStateMachine):
    """Each run lives within a savepoint of the test's transaction, and is undone at its end."""

    rejects: Path

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint_create()
        self.now = timezone.now().replace(microsecond=0) + timedelta(seconds=1)
        self.market = Market(CLIENTS)
        self.clients: dict[str, Client] = {name: ClientFactory(name=name) for name in CLIENTS}
        self.leads: dict[UUID, Lead] = {}
        self.ids: dict[UUID, Record] = {}
        self.loads: list[tuple[int, list[Lead]]] = []

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @initialize(unpriced=st.sampled_from([None, *CELLS]), stock=st.lists(rows, min_size=10, max_size=20))
    def open_shop(self, unpriced: Cell | None, stock: list[Row]) -> None:
        for cell in CELLS:
            if cell != unpriced:
                self.change_price(cell, 800)
        self.load(stock, 0)

    @rule(time=passing, roll=st.booleans())
    def time_passes(self, time: timedelta, roll: bool) -> None:
        """With the scheduler, which ends the lists whose day is over, and the worker."""
        self.now += time
        lists_upkeep(as_of=self.now)
        for leaving in SuppressionList.objects.filter(status__in=LEAVING):
            work(leaving, as_of=self.now)
        self.market.change(self.now, lambda: self.market.end_lists(self.now.date()))
        self.learn_ids()
        if roll:
            self.roll()

    @rule()
    def roll(self) -> None:
        expected = self.market.roll(self.now)
        assert inventory_generate(as_of=self.now, now=self.now).created == expected
        self.learn_ids()

    @rule(cell=st.sampled_from(CELLS), cents=st.integers(0, 2000))
    def change_price(self, cell: Cell, cents: int) -> None:
        amount = Decimal(cents) / 100
        if self.market.prices.get(cell) == amount:
            return
        self.now += timedelta(seconds=1)
        price_set_anyway(
            classification=Classification(cell[0]), age_bucket=AgeBucket(cell[1]), amount=amount,
            effective_from=self.now, as_of=self.now,
        )  # fmt: skip
        self.market.prices[cell] = amount

    @rule(batch=st.lists(rows, min_size=4, max_size=16), bad=st.integers(0, 2))
    def load(self, batch: Sequence[Row], bad: int) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(HEADER)
        became: list[str] = []
        for number, days, seconds, (state, county), source, person, other in batch:
            wall = (self.now - timedelta(days=days, seconds=seconds)).replace(tzinfo=None)
            created = wall.replace(tzinfo=STATES[state].time_zone).astimezone(UTC)
            if created > self.now:
                continue
            phones = [phone_of(person), "" if other is None else phone_of(other)]
            lead = Lead(created, "Gold" if source else "Silver", state, county or None, frozenset(filter(None, phones)))
            became.append(self.market.load(row_of(f"{number:04d}", created, state), lead, self.now))
            answers = [source, "51", "No", "No", "Yes", *phones]
            writer.writerow([f"{number:04d}", f"{wall:%m-%d-%Y %H:%M:%S}", state, county, "Ada", *answers])
        for _ in range(bad):
            writer.writerow(["1", "yesterday", "LA", *[""] * 9])
        report = ingest(
            source=io.BytesIO(text.getvalue().encode()), as_of=self.now, records=FirstRecords,
            rejects_path=self.rejects,
        )  # fmt: skip
        assert (report.loaded, report.opted_out, report.duplicates, report.rejected) == (
            *(became.count(what) for what in ("new", "opted out", "known")), bad,
        )  # fmt: skip
        self.learn_leads(report.load)
        self.market.change(self.now, lambda: None)
        self.learn_ids()

    @precondition(lambda self: self.leads)
    @rule(data=st.data(), days=st.integers(-300, 300), number=st.integers(100, 999), row=rows)
    def a_person_calls_again(self, data: st.DataObject, days: int, number: int, row: Row) -> None:
        """A lead of a person of whom there is one, of an earlier or a later call, loaded after it."""
        known = sorted({phone for lead in self.leads.values() for phone in lead.phones - self.market.facts.common()})
        if not known:
            return
        person = int(data.draw(st.sampled_from(known))[3:]) - 1_000_000
        bearing = self.market.bearing(phone_of(person))
        age = max(0, (self.now - bearing[0].created).days + days)
        self.load([(number, age, row[2], row[3], row[4], person, row[6])], 0)

    # --- How the model learns the shop's keys ---

    def learn_leads(self, load: int | None) -> None:
        rows = LeadRow.objects.exclude(id__in=list(self.leads)).only("mortgage_id", "created_at_utc", "state")
        new = {row.id: row_of(row.mortgage_id, row.created_at_utc.astimezone(UTC), row.state) for row in rows}
        for key, row in new.items():
            lead = self.market.leads[row]
            lead.id, self.leads[key] = key, lead
        if load and new:
            self.loads.append((load, [self.leads[key] for key in new]))

    def learn_ids(self) -> None:
        for record in InventoryRecord.objects.exclude(id__in=list(self.ids)):
            self.ids[record.id] = self.leads[record.lead_id].records[record.age_bucket]
        assert len(self.ids) == len(list(self.market.records()))
