"""The workers of a storm, and what each of them notes in the transaction of its act."""

import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from homeshield.accounts.models import Client
from homeshield.lib.locks import tried_again
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compact
from inventory.counting.reading import availability
from inventory.errors import InventoryNotFound, Shortage
from inventory.facts.criteria import Criteria
from inventory.listing import records_page
from inventory.models import InventoryRecord, SuppressionEntry, SuppressionList, WithdrawnLead
from inventory.suppression.pieces import list_step
from inventory.suppression.services import list_create, list_remove
from inventory.suppression.tasks import TRIES
from inventory.suppression.upkeep import lists_upkeep
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.locking import persons_lock
from inventory.withholding.services import leads_withdraw, load_withdraw, withdrawal_take_back
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_keys import key_of_digits
from leads.ingestion import ingest
from leads.models import Lead
from leads.opt_outs.models import OptOutKind
from pricing.quotes import quote_create
from sales.errors import AlreadyOwned, Busy, OnYourLists
from sales.models import Sale
from sales.ordering.baskets import Basket, CriteriaBasket, NamedBasket
from sales.ordering.services import order_place
from sales.privacy.erasing import opt_out_erase_now
from sales.privacy.services import opt_out
from tests.concurrency.orders import gold_6
from tests.factories import InventoryFactory, LeadFactory
from tests.inventory.suppression.lists import number, upload
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.sales.purchases import demand

PEOPLE = 120
OF_ONE_NUMBER = range(100, PEOPLE)
"""They never call from another's phone, so nothing but this number makes them known. Some of them ask to be erased."""
CALL_CENTER = number(PEOPLE)

GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)

type Seen = Mapping[UUID, frozenset[UUID]]
"""By key: the leads bearing it that a client had bought when the key came onto its list."""


def stock() -> list[UUID]:
    """A lead of each person, and an earlier one of some. Some enter their next bucket while the storm lasts."""
    now = timezone.now()
    ages = [
        timedelta(days=200, seconds=n) if n % 3 else timedelta(days=180) - timedelta(seconds=n / 20)
        for n in range(PEOPLE)
    ]
    leads = [LeadFactory.build(as_of=now, age=age, borrower_phone=number(n)) for n, age in enumerate(ages)]
    Lead.objects.bulk_create(leads)
    InventoryRecord.objects.bulk_create([InventoryFactory.build(as_of=now, lead=lead) for lead in leads])
    called = f"{now - timedelta(days=400):%m-%d-%Y %H:%M:%S}"
    rows = [
        row(
            mortgage_id=f"before {n}", call_in_date=called, borrower_phone=number(n), call_in_phone_number=""
        )
        for n in range(0, PEOPLE, 2)
    ]  # fmt: skip
    assert ingest(source=io.BytesIO(csv_bytes(*rows)), as_of=now, records=FirstRecords).loaded == len(rows)
    return [lead.id for lead in leads]


class Storm:
    """Each worker is a thread with a connection of its own, does a bounded number of acts, and knows the present."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self.stock = stock()
        self.withdrawn: dict[UUID, tuple[frozenset[UUID], set[tuple[UUID, UUID]]]] = {}
        """By withdrawal that holds: its leads, and which of them had been sold to whom."""
        self.opted_out: dict[UUID, set[tuple[UUID, UUID]]] = {}
        """By key: what had been sold to whom."""
        self.listed: dict[UUID, tuple[Client, Seen]] = {}
        """By list that lives."""
        self.erased: dict[UUID, frozenset[UUID]] = {}
        """By lead: the keys that it had."""

    # --- Clients ---

    def buys(self, client: Client) -> None:
        luck = Random(client.name)
        for _ in range(15):
            with suppress(Shortage, Busy, AlreadyOwned, OnYourLists, InventoryNotFound):
                basket = self._by_quote(client, luck) if luck.random() < 0.3 else self._by_criteria(luck)
                order_place(client_id=client.id, user_id=None, basket=basket, key=str(uuid4()))

    def _by_criteria(self, luck: Random) -> Basket:
        wanted = luck.sample([GOLD_3, gold_6(), gold_6("LA")], luck.randint(1, 2))
        return CriteriaBasket([demand(luck.randint(1, 3), criteria) for criteria in wanted])

    def _by_quote(self, client: Client, luck: Random) -> Basket:
        """Of records that may be gone when it comes to buying."""
        now = timezone.now()
        rows = records_page(criteria=gold_6(), buyer=Buyer(client.id), as_of=now, cursor=None, limit=30).rows
        if not rows:
            return self._by_criteria(luck)
        ids = [each.id for each in luck.sample(rows, min(3, len(rows)))]
        return NamedBasket(ids, quote_create(buyer=Buyer(client.id), inventory_ids=ids, as_of=now).quote.id)

    def lists(self, client: Client) -> None:
        """Lists come, and all but the last of them are removed, or end."""
        luck, last = Random(client.name), 3
        for turn in range(last + 1):
            made = list_create(client_id=client.id, name=f"List {turn}", user=None, as_of=timezone.now())
            upload(made, [number(n) for n in luck.sample(range(PEOPLE), 20)], as_of=timezone.now())
            self.listed[made.id] = (client, {})
            while self._step(client, made):
                pass
            if turn < last:
                self._unlist(client, made, ends=turn % 2 == 1)

    def _step(self, client: Client, of: SuppressionList) -> bool:
        """As the worker does it. Notes what was sold of the new keys, while no order of the client is under way."""

        def step() -> tuple[bool, Seen]:
            with transaction.atomic():
                more = list_step(list_id=of.id, as_of=timezone.now())
                keys = set(SuppressionEntry.objects.filter(list=of).values_list("key", flat=True))
                return more, bought_of(client, keys)

        more, seen = tried_again(step, tries=TRIES)
        if of.id in self.listed:
            _, before = self.listed[of.id]
            self.listed[of.id] = (client, {**seen, **before})
        return more

    def _unlist(self, client: Client, of: SuppressionList, *, ends: bool) -> None:
        self._nothing_was_sold_of(of.id)
        del self.listed[of.id]
        now = timezone.now()
        if ends:
            SuppressionList.objects.filter(id=of.id).update(ends_on=now.date() - timedelta(days=1))
            lists_upkeep(as_of=now)
        else:
            list_remove(client_id=client.id, list_id=of.id, as_of=now)
        while self._step(client, of):
            pass
        assert not SuppressionEntry.objects.filter(list=of).exists()

    # --- Files, staff, persons, the scheduler ---

    def loads(self) -> None:
        """People call again, some from each other's phones, and a call center's line stands in many rows."""
        luck, mortgages, made = Random(1), count(1), list[int]()
        callers = luck.sample([*range(PEOPLE)] * 2, 120)  # so no person's number becomes common
        phones = luck.sample(range(OF_ONE_NUMBER.start), 60)
        for _ in range(6):
            now = timezone.now()
            rows = []
            for n in range(20):
                person = callers.pop()
                other = "" if person in OF_ONE_NUMBER or n % 4 else number(phones.pop())
                called = now - timedelta(days=luck.choice([95, 150, 190, 220]), seconds=luck.randrange(80_000))
                rows.append(
                    row(
                        mortgage_id=f"storm {next(mortgages)}", call_in_date=f"{called:%m-%d-%Y %H:%M:%S}",
                        borrower_phone=CALL_CENTER if n < 2 else number(person),
                        call_in_phone_number="" if n < 2 else other,
                    )
                )  # fmt: skip
            report = ingest(source=io.BytesIO(csv_bytes(*rows)), as_of=now, records=FirstRecords)
            assert report.load
            made.append(report.load)
        with transaction.atomic():
            done = load_withdraw(load_id=made[1], note="The columns were shifted.", by_id=None, as_of=timezone.now())
            self._note(done.withdrawal_id)

    def withdraws(self) -> None:
        luck, made = Random(2), list[UUID]()
        for turn in range(12):
            with transaction.atomic():
                done = leads_withdraw(
                    lead_ids=luck.sample(self.stock, 4), reason=luck.choice(["other", "dead_number"]),
                    note="It was wrong.", by_id=None, as_of=timezone.now(),
                )  # fmt: skip
                self._note(done.withdrawal_id)
            made.append(done.withdrawal_id)
            if turn % 2:
                self._take_back(made.pop(luck.randrange(len(made))))

    def _note(self, withdrawal: UUID) -> None:
        """In its transaction: an order that holds one of the records has come first, and no later one may follow."""
        leads = frozenset(WithdrawnLead.objects.filter(withdrawal=withdrawal).values_list("lead_id", flat=True))
        self.withdrawn[withdrawal] = (leads, sold_of(leads))

    def _take_back(self, withdrawal: UUID) -> None:
        leads, seen = self.withdrawn[withdrawal]
        with transaction.atomic():
            persons_lock()
            assert sold_of(leads) == seen
            withdrawal_take_back(withdrawal_id=withdrawal, note="It was right.", by_id=None, as_of=timezone.now())
        del self.withdrawn[withdrawal]

    def opts_out(self) -> None:
        luck = Random(3)
        for turn in range(8):
            erases = turn % 2 == 0
            person = luck.choice(OF_ONE_NUMBER) if erases else luck.randrange(OF_ONE_NUMBER.start)
            key = key_of_digits(number(person))
            with transaction.atomic():
                one = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=erases, as_of=timezone.now())
                self.opted_out.setdefault(key, sold_of(bearing([key])))
            if erases:
                with transaction.atomic():
                    persons_lock()
                    self.erased |= {lead: frozenset([key]) for lead in bearing([key])}
                    opt_out_erase_now(opt_out_id=one.id, as_of=timezone.now())

    def rolls(self) -> None:
        for _ in range(8):
            now = timezone.now()
            assert inventory_generate(as_of=now, now=now).failures == ()

    def counts(self) -> None:
        for _ in range(10):
            counts_compact()
            found = availability(criteria=Criteria(), buyer=Buyer(self.clients[0].id), as_of=timezone.now())
            assert found.total == sum(found.cells.values()) == sum(facet.count for facet in found.states)
            assert min(*found.cells.values(), found.owned, found.suppressed) >= 0

    # --- Afterwards ---

    def nothing_withdrawn_was_sold_since(self) -> None:
        for leads, seen in self.withdrawn.values():
            assert sold_of(leads) == seen
        for key, sold in self.opted_out.items():
            erased = {lead for lead, keys in self.erased.items() if key in keys}
            assert sold_of(bearing([key]) | erased) == sold

    def nothing_listed_was_sold_since(self) -> None:
        for listed in self.listed:
            self._nothing_was_sold_of(listed)

    def _nothing_was_sold_of(self, listed: UUID) -> None:
        client, seen = self.listed[listed]
        assert len(seen) == 20
        assert all(leads <= seen[key] for key, leads in bought_of(client, seen).items())  # an erased one has no keys


def bearing(keys: Iterable[UUID]) -> set[UUID]:
    found = Lead.objects.filter(Q(phone_key__in=keys) | Q(call_in_key__in=keys))
    return set(found.values_list("id", flat=True))


def sold_of(leads: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """Client and lead."""
    return set(Sale.objects.filter(lead__in=leads).values_list("client_id", "lead_id"))


def bought_of(client: Client, keys: Iterable[UUID]) -> Seen:
    """What the client has bought of leads with these keys."""
    found = {key: set[UUID]() for key in keys}
    for lead, *borne in Sale.objects.filter(client=client).values_list(
        "lead_id", "lead__phone_key", "lead__call_in_key"
    ):
        for key in found.keys() & set(borne):
            found[key].add(lead)
    return {key: frozenset(leads) for key, leads in found.items()}
