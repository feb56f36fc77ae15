"""The whole shop against a small model of the contract: random loads, rolls, days passing, price changes, browsing,
quotes, purchases and exports, with counts, prices and owners compared after each step."""

import csv
import io
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from exports.services import export_start_order, export_stream
from homeshield.accounts.models import Client
from homeshield.lib.ids import new_id
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compare
from inventory.counting.reading import availability
from inventory.errors import InventoryNotFound, Shortage
from inventory.exclusion.upkeep import exclusions_compare
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.listing import records_page
from inventory.models import InventoryRecord
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.services import leads_withdraw, withdrawal_take_back
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES
from leads.ingestion import ingest
from leads.models import Lead as LeadRow
from pricing.errors import NoPrice, QuoteExpired
from pricing.models import Quote
from pricing.quotes import quote_create
from sales.errors import AlreadyOwned, QuoteUsed
from sales.models import Order, Sale
from sales.ordering.baskets import Basket, CriteriaBasket, NamedBasket
from sales.ordering.services import order_place
from tests.factories import ClientFactory
from tests.market.model import CELLS, Cell, Lead, Line, Market, Record
from tests.pricing.changes import price_set_anyway
from tests.sales.purchases import at


def phone_of(person: int) -> str:
    return f"{201 + person}1000000"


# Few kinds of lead and few places, so that orders meet: lines overlap, stock runs out, buyers own what rolls on.
PLACES = [("LA", "Caddo"), ("LA", "Orleans"), ("LA", ""), ("TX", "Travis")]
HOT: list[Cell] = [("Gold", "MONTH_3_TO_5"), ("Gold", "MONTH_6_TO_8"), ("Silver", "MONTH_6_TO_8")]
HEADER = [
    "Mortage ID", "Call In Date", "State", "County", "First Name", "Source", "Borrower Age", "Borrower Medical Issues",
    "Borrower Tobacco Use", "Co-Borrower ?", "Borrower Phone",
]  # fmt: skip

places = st.sampled_from([(None, None), ("LA", None), ("LA", "Caddo"), ("LA", "Orleans")])
lines = st.builds(
    lambda cell, place, quantity: (*cell, *place, quantity),
    st.one_of(st.sampled_from(HOT), st.sampled_from(HOT), st.sampled_from(CELLS)),
    places,
    st.integers(1, 3),
)
rows = st.tuples(
    st.integers(0, 60),  # the mortgage id: repeats are duplicates
    st.one_of(st.sampled_from([100, 150, 179, 190]), st.integers(0, 800)),  # days ago
    st.integers(0, 86_399),  # and seconds
    st.sampled_from(PLACES),
    st.sampled_from(["CALL", "CALL", ""]),  # the source decides: Gold or Silver
    st.one_of(st.integers(0, 3), st.integers(10, 90)),  # who calls; some call often
)
type Row = tuple[int, int, int, tuple[str, str], str, int]
passing = st.builds(  # in whole seconds, as the call-center writes them
    lambda days, seconds: timedelta(days=days, seconds=seconds),
    st.one_of(st.just(90), st.integers(0, 2), st.integers(0, 500)),
    st.integers(0, 86_399),
)


def criteria(line: Line) -> Criteria:
    return Criteria(
        classification=Classification(line[0]), age_bucket=AgeBucket(line[1]), place=Place(line[2], line[3])
    )


class MarketMachine(RuleBasedStateMachine):
    """Each run lives within a savepoint of the test's transaction, and is undone at its end."""

    rejects: Path

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint_create()
        self.now = timezone.now().replace(microsecond=0) + timedelta(seconds=1)
        self.market = Market()
        self.clients: dict[str, Client] = {name: ClientFactory(name=name) for name in ("Abbot", "Breaux")}
        self.ids: dict[UUID, Record] = {}
        self.quotes: list[tuple[Quote, str, list[UUID], dict[Cell, Decimal]]] = []
        self.orders: list[tuple[Order, str]] = []
        self.used_quotes: set[UUID] = set()
        self.withdrawals: list[tuple[UUID, list[Lead]]] = []

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @initialize(unpriced=st.sampled_from([None, *CELLS]), stock=st.lists(rows, min_size=10, max_size=20))
    def open_shop(self, unpriced: Cell | None, stock: list[Row]) -> None:
        for cell in CELLS:
            if cell != unpriced:
                self.change_price(cell, 800)
        self.load(stock, 0)

    # --- What happens ---

    @rule(time=passing, roll=st.booleans())
    def time_passes(self, time: timedelta, roll: bool) -> None:
        self.now += time
        if roll:
            self.roll()

    @rule(batch=st.lists(rows, min_size=4, max_size=16), bad=st.integers(0, 2))
    def load(self, batch: list[Row], bad: int) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(HEADER)
        loaded = 0
        for number, days, seconds, (state, county), source, person in batch:
            wall = (self.now - timedelta(days=days, seconds=seconds)).replace(tzinfo=None)
            created = wall.replace(tzinfo=STATES[state].time_zone).astimezone(UTC)
            if created > self.now:
                continue
            key = f"{number:04d}"
            lead = Lead(
                f"{key}{created}{state}", created, "Gold" if source else "Silver", state, county or None, person
            )
            loaded += self.market.load(lead, self.now)
            answers = [source, "51", "No", "No", "Yes", phone_of(person)]
            writer.writerow([key, f"{wall:%m-%d-%Y %H:%M:%S}", state, county, "Ada", *answers])
        for _ in range(bad):
            writer.writerow(["1", "yesterday", "LA", *[""] * 8])
        report = ingest(
            source=io.BytesIO(text.getvalue().encode()), as_of=self.now, records=FirstRecords,
            rejects_path=self.rejects,
        )  # fmt: skip
        assert (report.loaded, report.rejected) == (loaded, bad)
        self.learn_leads()
        self.market.withhold(self.now, self.market.meet)
        self.learn_ids()

    @precondition(lambda self: self.market.leads)
    @rule(reason=st.sampled_from(["other", "dead_number"]), data=st.data())
    def withdraw(self, reason: str, data: st.DataObject) -> None:
        keys = data.draw(st.lists(st.sampled_from(sorted(self.market.leads)), min_size=1, max_size=3, unique=True))
        named = [self.market.leads[key] for key in keys]
        also = [other for lead in named for other in lead.linked] if reason == "dead_number" else []
        leads = list({lead.id: lead for lead in named + also}.values())
        done = leads_withdraw(
            lead_ids=[lead.id for lead in named if lead.id], reason=reason, note="It was wrong.", by_id=None,
            as_of=self.now,
        )  # fmt: skip
        assert done.leads == len(leads)
        self.withdrawals.append((done.withdrawal_id, leads))
        self.market.withhold(self.now, lambda: self.change_withdrawals(leads, 1))
        self.learn_ids()

    @precondition(lambda self: self.withdrawals)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        taken = data.draw(st.sampled_from(range(len(self.withdrawals))))
        withdrawal_id, leads = self.withdrawals.pop(taken)
        withdrawal_take_back(withdrawal_id=withdrawal_id, note="It was right.", by_id=None, as_of=self.now)
        self.market.withhold(self.now, lambda: self.change_withdrawals(leads, -1))
        self.learn_ids()

    def change_withdrawals(self, leads: list[Lead], by: int) -> None:
        for lead in leads:
            lead.withdrawals += by

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

    @rule(client=st.sampled_from(["Abbot", "Breaux"]), wanted=st.lists(lines, min_size=1, max_size=4))
    def buy(self, client: str, wanted: list[Line]) -> None:
        total = self.market.total(wanted)
        possible = self.market.can_fill(wanted, client, self.now)
        try:
            demands = [Demand(criteria=criteria(line), quantity=line[4]) for line in wanted]
            order = self.place(client, CriteriaBasket(demands))
        except NoPrice:
            assert total is None
        except Shortage as refusal:
            assert total is not None
            assert not possible
            short = wanted[refusal.index]
            assert refusal.available <= len(self.market.available(short, client, self.now))
        else:
            assert possible
            assert order.total == total
            for sale in order.sales.all():
                record = self.ids[sale.inventory_id]
                assert record.fits(wanted[sale.line_number - 1])
                self.sold(record, client)
            self.orders.append((order, client))

    def place(self, client: str, basket: Basket) -> Order:
        return at(
            self.now, order_place,
            client_id=self.clients[client].id, user_id=None, basket=basket, key=str(uuid4()),
        )  # fmt: skip

    @precondition(lambda self: self.ids)
    @rule(client=st.sampled_from(["Abbot", "Breaux"]), data=st.data())
    def buy_by_id(self, client: str, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.ids)), min_size=1, max_size=4, unique=True))
        self._buy_named(client, ids, self.market.prices, None)

    @precondition(lambda self: self.ids)
    @rule(client=st.sampled_from(["Abbot", "Breaux"]), data=st.data())
    def ask_for_a_quote(self, client: str, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.ids)), min_size=1, max_size=4, unique=True))
        cells = {key: (self.ids[key].kind[0], self.ids[key].kind[1]) for key in ids}
        gone = [key for key in ids if not self.ids[key].sellable_to(client, self.now)]
        try:
            quoted = quote_create(buyer=Buyer(self.clients[client].id), inventory_ids=ids, as_of=self.now)
        except InventoryNotFound as refusal:
            assert refusal.inventory_ids == gone != []
        except NoPrice:
            assert any(cell not in self.market.prices for cell in cells.values())
        else:
            assert not gone
            prices = {cell: self.market.prices[cell] for cell in cells.values()}
            assert quoted.quote.subtotal == sum((prices[cells[key]] for key in ids), Decimal("0.00"))
            self.quotes.append((quoted.quote, client, ids, prices))

    @precondition(lambda self: self.quotes)
    @rule(minutes=st.integers(0, 16), data=st.data())
    def buy_quoted(self, minutes: int, data: st.DataObject) -> None:
        quote, client, ids, prices = data.draw(st.sampled_from(self.quotes))
        self.now += timedelta(minutes=minutes)
        self._buy_named(client, ids, prices, quote)

    def _buy_named(self, client: str, ids: list[UUID], prices: dict[Cell, Decimal], quote: Quote | None) -> None:
        named = [self.ids[key] for key in ids]
        possible, gone = self.market.can_replace(named, client, self.now)
        amounts = [prices.get((record.kind[0], record.kind[1])) for record in named]
        try:
            order = self.place(client, NamedBasket(ids, quote.id if quote else None))
        except AlreadyOwned as refusal:
            assert refusal.inventory_ids == [key for key in ids if client in self.ids[key].lead.owners()] != []
        except QuoteUsed:
            assert quote is not None
            assert quote.id in self.used_quotes
        except QuoteExpired:
            assert quote is not None
            assert quote.id not in self.used_quotes
            assert self.now >= quote.quoted_at_utc + timedelta(minutes=15)
        except NoPrice:
            assert None in amounts
        except Shortage:
            assert not possible
        else:
            assert possible
            assert not any(client in record.lead.owners() for record in named)
            if quote is not None:
                assert quote.id not in self.used_quotes
                self.used_quotes.add(quote.id)
            assert quote is None or self.now < quote.quoted_at_utc + timedelta(minutes=15)
            assert order.total == sum((amount for amount in amounts if amount), Decimal("0.00"))
            assert sum(line.replaced for line in order.lines.all()) == gone
            bought = [self.ids[key] for key in order.sales.values_list("inventory_id", flat=True)]
            assert sorted(map(str, (record.kind for record in bought))) == sorted(
                map(str, (record.kind for record in named))
            )
            for record in bought:
                self.sold(record, client)
            self.orders.append((order, client))

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def export(self, data: st.DataObject) -> None:
        order, client = data.draw(st.sampled_from(self.orders))
        export = export_start_order(client_id=self.clients[client].id, user=None, order_id=order.id, as_of=self.now)
        text = b"".join(export_stream(export)).decode()
        exported = list(csv.DictReader(io.StringIO(text, newline="")))
        sales = {str(sale.id): sale for sale in order.sales.all()}
        assert {row["sale_id"] for row in exported} == set(sales)
        for row in exported:
            record = self.ids[sales[row["sale_id"]].inventory_id]
            assert (row["classification"], row["age_bucket_at_purchase"], row["state"], row["county"]) == (
                *record.kind[:3], record.kind[3] or "",
            )  # fmt: skip
        assert sum(Decimal(row["purchase_price"]) for row in exported) == order.total

    # --- What must hold after each step ---

    @invariant()
    def every_client_sees_exactly_what_it_can_buy(self) -> None:
        for name, client in self.clients.items():
            for place in ((None, None), ("LA", None), ("LA", "Caddo")):
                asked = Criteria(place=Place(place[0], place[1]))
                found = availability(criteria=asked, buyer=Buyer(client.id), as_of=self.now)
                there = {cell: self.market.available((*cell, *place, 0), name, self.now) for cell in CELLS}
                assert {tuple(map(str, cell)): count for cell, count in found.cells.items()} == {
                    cell: len(records) for cell, records in there.items()
                }
                assert found.total == sum(map(len, there.values()))
            buyer = Buyer(client.id)
            listed = records_page(criteria=Criteria(), buyer=buyer, as_of=self.now, cursor=None, limit=10_000)
            expected = {id(record) for record in self.market.records() if record.sellable_to(name, self.now)}
            assert {id(self.ids[row.id]) for row in listed.rows} == expected

    @invariant()
    def every_record_belongs_to_whom_it_was_sold(self) -> None:
        sold = dict(Sale.objects.values_list("inventory_id", "client__name"))
        assert sold == {key: record.owner for key, record in self.ids.items() if record.owner}

    @invariant()
    def what_is_kept_beside_the_records_is_right(self) -> None:
        assert counts_compare() == []
        assert exclusions_compare() == []

    @invariant()
    def the_database_has_no_objection(self) -> None:
        with connection.cursor() as cursor:  # what a commit would check
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    # --- How the model learns the shop's keys ---

    def sold(self, record: Record, client: str) -> None:
        assert record.sellable_to(client, self.now)
        record.owner = client

    def learn_leads(self) -> None:
        known = {lead.id for lead in self.market.leads.values()}
        for row in LeadRow.objects.only("mortgage_id", "created_at_utc", "state"):
            if row.id not in known:
                self.market.leads[f"{row.mortgage_id}{row.created_at_utc.astimezone(UTC)}{row.state}"].id = row.id

    def learn_ids(self) -> None:
        rows = InventoryRecord.objects.exclude(id__in=list(self.ids)).select_related("lead")
        for row in rows:
            lead: LeadRow = row.lead
            known = self.market.leads[f"{lead.mortgage_id}{lead.created_at_utc.astimezone(UTC)}{lead.state}"]
            self.ids[row.id] = known.records[row.age_bucket]
        assert len(self.ids) == len(list(self.market.records()))


@pytest.mark.django_db
def test_the_shop_does_what_the_contract_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Records of one instant are sold in the order of their keys, which are random. Hypothesis needs the same order
    # whenever it repeats a run, so the roll gives keys in the order in which it makes its records.
    monkeypatch.setattr("inventory.upkeep.roll.id_as_old_as", lambda _lead: new_id())
    MarketMachine.rejects = tmp_path / "rejects.csv"
    run_state_machine_as_test(
        MarketMachine,
        settings=settings(
            max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
