"""Whatever happens in whichever order, each client may buy what leads, withdrawals, sales and lists say (contract,
"Person", "Withdrawal", "Exclusion"), and what the shop keeps of it is right."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compare
from inventory.counting.reading import availability
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.listing import records_page
from inventory.models import CommonKey, Exclusion, InventoryRecord, YoungLead
from inventory.suppression.services import list_remove
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.services import leads_withdraw, withdrawal_take_back
from sales.errors import AlreadyOwned, OnYourLists
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from tests.factories import ClientFactory
from tests.inventory.suppression.lists import listed, number, work
from tests.inventory.withholding.people import Inquiry, key, links_now, load, withheld_now
from tests.market import oracle
from tests.sales.purchases import at, set_prices

pytestmark = pytest.mark.django_db

AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)
CLIENTS = ("Abbot", "Breaux")

numbers = st.one_of(st.integers(0, 3), st.none())
inquiries = st.builds(
    Inquiry, numbers, numbers, st.sampled_from([timedelta(days=n) for n in (10, 89, 120, 179, 250, 800)])
)
clients = st.sampled_from(CLIENTS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("load"), st.lists(inquiries, max_size=5)),
        st.tuples(st.just("buy"), clients, st.integers(0, 30)),
        st.tuples(st.just("list"), clients, st.frozensets(st.integers(0, 3), min_size=1)),
        st.tuples(st.just("unlist"), st.integers(0, 10)),
        st.tuples(st.just("withdraw"), st.sets(st.integers(0, 30), min_size=1, max_size=3), st.booleans()),
        st.tuples(st.just("take_back"), st.integers(0, 10)),
        st.tuples(st.just("pass"), st.integers(1, 100)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.lists(inquiries, min_size=2, max_size=6), steps=steps)
def test_whatever_happens_in_whichever_order_the_contract_holds(
    first: list[Inquiry], steps: list[tuple[object, ...]]
) -> None:
    with undone():
        world = World()
        for step in [("load", first), *steps]:
            world.act(step)
            world.compare()


@contextmanager
def undone() -> Iterator[None]:
    savepoint = transaction.savepoint_create()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


class World:
    """The shop, and beside it what has happened."""

    def __init__(self) -> None:
        set_prices(AS_OF - timedelta(days=1000))
        self.now = AS_OF
        self.facts = oracle.Facts()
        self.clients: dict[str, Client] = {name: ClientFactory(name=name) for name in CLIENTS}

    def act(self, step: tuple[object, ...]) -> None:
        match step:
            case "load", list(what):
                leads, _ = load(*what, as_of=self.now)
                for lead, inquiry in zip(leads, what, strict=True):
                    keys = frozenset(map(key, inquiry.keys))
                    self.facts.inquiries[lead.id] = oracle.Inquiry(lead.created_at_utc, keys)
            case "buy", str(client), int(place) if self.facts.inquiries:
                self.buy(client, self.lead(place))
            case "list", str(client), frozenset(what):
                entries = [number(n) for n in what]
                made = listed(self.clients[client], entries, as_of=self.now, name=str(uuid4()))
                self.facts.lists[made.id] = (client, frozenset(map(key, what)))
            case "unlist", int(place) if self.facts.lists:
                gone = list(self.facts.lists)[place % len(self.facts.lists)]
                client, _ = self.facts.lists.pop(gone)
                assert isinstance(gone, UUID)
                work(list_remove(client_id=self.clients[client].id, list_id=gone, as_of=self.now), as_of=self.now)
            case "withdraw", set(what), bool(of_the_person) if self.facts.inquiries:
                self.withdraw({self.lead(place) for place in what}, of_the_person)
            case "take_back", int(place) if self.facts.withdrawals:
                taken = list(self.facts.withdrawals)[place % len(self.facts.withdrawals)]
                del self.facts.withdrawals[taken]
                assert isinstance(taken, UUID)
                withdrawal_take_back(withdrawal_id=taken, note="It was right.", by_id=None, as_of=self.now)
            case "pass", int(days):
                self.now += timedelta(days=days)
                inventory_generate(as_of=self.now, now=self.now)

    def lead(self, place: int) -> UUID:
        return list(self.facts.inquiries)[place % len(self.facts.inquiries)]

    def withdraw(self, named: set[UUID], of_the_person: bool) -> None:
        persons = self.facts.persons()
        leads = named.union(*(persons[lead] for lead in named)) if of_the_person else named
        reason = "wrong_person" if of_the_person else "other"
        done = leads_withdraw(lead_ids=named, reason=reason, note="It was wrong.", by_id=None, as_of=self.now)
        assert done.leads == len(leads)
        self.facts.withdrawals[done.withdrawal_id] = frozenset(leads)

    def buy(self, client: str, lead: UUID) -> None:
        """By id. Another lead of the bucket may be sold in its place, if nothing excludes this one for the client."""
        record = InventoryRecord.objects.filter(lead=lead).order_by("-enters_at_utc").first()
        if record is None:
            return
        available = self.facts.stock(client, self.now).available
        in_bucket = {
            other
            for other in available
            if oracle.bucket_at(self.facts.inquiries[other].created, self.now) == record.age_bucket
        }
        excluded = self.facts.excluded(client).get(lead)
        try:
            basket = NamedBasket([record.id])
            order = at(
                self.now, order_place, client_id=self.clients[client].id, user_id=None, basket=basket,
                key=str(uuid4()),
            )  # fmt: skip
        except AlreadyOwned:
            assert excluded is not None
            assert excluded.owned
        except OnYourLists:
            assert excluded == (False, True)
        except Shortage:
            assert not excluded
            assert not in_bucket
        else:
            [sold] = order.sales.values_list("lead_id", flat=True)
            assert sold == lead or (sold in in_bucket and lead not in available)
            assert not excluded
            self.facts.sales.add(oracle.Sold(client, sold, record.age_bucket))

    def compare(self) -> None:
        held = self.facts.held()
        assert links_now() == {(lead, other) for lead, people in self.facts.persons().items() for other in people}
        assert set(CommonKey.objects.values_list("key", flat=True)) == self.facts.common()
        assert withheld_now() == held
        for name, client in self.clients.items():
            stock, buyer = self.facts.stock(name, self.now), Buyer(client.id)
            rows = records_page(criteria=Criteria(), buyer=buyer, as_of=self.now, cursor=None, limit=1000).rows
            assert {row.lead_id for row in rows} == stock.available
            found = availability(criteria=Criteria(), buyer=buyer, as_of=self.now)
            assert (found.total, found.owned, found.suppressed) == tuple(map(len, stock))
            pairs = Exclusion.objects.filter(client=client).values_list("lead_id", "owned", "listed")
            assert {lead: (owned, listed) for lead, owned, listed in pairs} == self.facts.excluded(name)
        assert counts_compare() == []
        too_young = {
            lead for lead, each in self.facts.inquiries.items() if not oracle.bucket_at(each.created, self.now)
        }
        assert set(YoungLead.objects.values_list("lead_id", flat=True)) >= too_young - held.keys()
