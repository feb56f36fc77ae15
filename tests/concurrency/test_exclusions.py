"""Sales, loads and lists make pairs at once: none is missed, and the counts stay exact (decisions/0023)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.accounts.models import Client
from inventory.counting.compaction import counts_compare
from inventory.errors import Shortage
from inventory.exclusion import loads
from inventory.exclusion.loads import exclusions_sold_meanwhile
from inventory.exclusion.upkeep import exclusions_compare
from inventory.models import Exclusion, InventoryRecord, SuppressionEntry
from inventory.suppression import statements
from inventory.withholding import persons
from inventory.withholding.locking import persons_lock
from inventory.withholding.services import leads_withdraw
from leads.contact_keys import key_of_digits
from leads.models import Lead
from sales.models import Order, Sale
from sales.ordering.writing import order_write
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import HOLDS, rival, run_beside, run_together, wait_until_blocked
from tests.factories import InventoryFactory, stock
from tests.inventory.suppression.lists import listed, number
from tests.inventory.withholding.people import Inquiry, key, load

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pair_and_a_sale_to_somebody_else_see_each_other(clients: list[Client], as_of: datetime) -> None:
    """The pair waits for the sale. Else it would count a record that the sale, which sees no pair, does not take."""
    record, _ = stock(2, as_of=as_of)

    def sell() -> None:
        InventoryRecord.objects.filter(id=record.id).update(sold_at_utc=as_of)

    def exclude() -> None:
        Exclusion.objects.create(lead=record.lead, client=clients[0], listed=True)

    with rival(sell) as other:
        assert run_beside(exclude, then=lambda: other.end(commit=True)) is None
    assert counts_compare() == []


def test_an_order_passes_by_records_that_are_being_excluded_for_somebody_else(
    clients: list[Client], as_of: datetime
) -> None:
    records = sorted(stock(3, as_of=as_of), key=lambda each: each.expires_at_utc)

    def exclude() -> None:
        Exclusion.objects.create(lead=records[0].lead, client=clients[0], listed=True)

    with rival(exclude) as other:
        placed = order(clients[1], (1, gold_6()), as_of=as_of)()
        assert placed.sales.get().inventory_id == records[1].id
        taken = run_beside(order(clients[1], (2, gold_6()), as_of=as_of), then=lambda: other.end(commit=True))
    assert isinstance(taken, Order)
    assert counts_compare() == []


def test_a_client_buys_and_lists_the_same_leads_at_once(clients: list[Client], as_of: datetime) -> None:
    for n in range(40):
        InventoryFactory(
            as_of=as_of, lead__phone_key=key_of_digits(number(n)), lead__age=timedelta(days=200, seconds=n)
        )
    for start in range(0, 40, 10):
        numbers = [number(n) for n in range(start, start + 10)]

        def lists(numbers: list[str] = numbers) -> None:
            listed(clients[0], numbers, as_of=as_of, name=numbers[0])

        buying = [order(clients[0], (3, gold_6()), as_of=as_of) for _ in range(3)]
        jobs: list[Callable[[], object]] = [lists, *buying]
        outcomes = run_together(jobs)
        assert outcomes[0] is None
        assert {type(one) for one in outcomes[1:]} <= {Order, Shortage}
    assert_books_balance()
    assert Exclusion.objects.filter(client=clients[0], listed=True).count() == 40
    assert Exclusion.objects.filter(client=clients[0], owned=True).count() == Sale.objects.count() > 0
    assert exclusions_compare() == []
    assert counts_compare() == []


def test_an_order_beside_a_load_that_parts_a_person_owns_what_it_bought_alone(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The load makes the number common. The order still sees the links, and is placed after the load took its pairs."""
    with transaction.atomic():
        five, _ = load(*(Inquiry(1, None, timedelta(days=200 + n)) for n in range(5)), as_of=as_of)
    others = [lead.id for lead in five[1:]]
    leads_withdraw(lead_ids=others, reason="other", note="So that only one is free.", by_id=None, as_of=as_of)
    at_the_end = exclusions_sold_meanwhile

    def order_first(cursor: CursorWrapper, *, began_at_utc: datetime) -> None:
        [placed] = run_together([order(clients[0], (1, gold_6()), as_of=as_of)])
        assert isinstance(placed, Order), placed
        assert set(Exclusion.objects.values_list("lead_id", flat=True)) == {lead.id for lead in five}
        at_the_end(cursor, began_at_utc=began_at_utc)

    monkeypatch.setattr(persons, "exclusions_sold_meanwhile", order_first)
    with transaction.atomic():
        load(Inquiry(1, None, timedelta(days=190)), as_of=as_of)
    assert list(Exclusion.objects.values_list("lead_id", "client_id")) == [(five[0].id, clients[0].id)]
    assert exclusions_compare() == []
    assert counts_compare() == []


def test_the_end_of_a_load_waits_for_orders_that_see_none_of_its_links(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It brings in an earlier call of the person. So the record that the order holds is none that it touches."""
    with transaction.atomic():
        [sold], _ = load(Inquiry(1, None, timedelta(days=200)), as_of=as_of)
    written, go = Event(), Event()

    def write_and_wait(**of_the_order: Any) -> None:
        order_write(**of_the_order)
        written.set()
        assert go.wait(timeout=HOLDS)

    def load_beside() -> None:
        assert written.wait(timeout=10)
        with transaction.atomic():
            load(Inquiry(1, None, timedelta(days=210)), as_of=as_of)

    def let_go() -> None:
        try:
            assert written.wait(timeout=10)
            wait_until_blocked()
        finally:
            go.set()

    monkeypatch.setattr("sales.ordering.services.order_write", write_and_wait)
    jobs: list[Callable[[], object]] = [order(clients[0], (1, gold_6()), as_of=as_of), load_beside, let_go]
    placed, *others = run_together(jobs)
    assert isinstance(placed, Order), placed
    assert others == [None, None]
    assert set(Exclusion.objects.values_list("client_id", "owned")) == {(clients[0].id, True)}
    assert set(Exclusion.objects.values_list("lead_id", flat=True)) == set(Lead.objects.values_list("id", flat=True))
    assert exclusions_compare() == []
    leads_withdraw(lead_ids=[sold.id], reason="other", note="It was wrong.", by_id=None, as_of=as_of)
    assert isinstance(run_together([order(clients[0], (1, gold_6()), as_of=as_of)])[0], Shortage)
    assert isinstance(order(clients[1], (1, gold_6()), as_of=as_of)(), Order)


def test_a_sale_during_the_end_of_a_load_keeps_its_pair(clients: list[Client], as_of: datetime) -> None:
    """The load has looked who bought its persons. Then a client buys one, and the load forgets who bought none."""
    with transaction.atomic():
        [sold], _ = load(Inquiry(1, None, timedelta(days=200)), as_of=as_of)
    placed: list[object] = []

    def order_before(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql == loads.FORGET:
            placed.extend(run_together([order(clients[0], (1, gold_6()), as_of=as_of)]))
        return execute(sql, *arguments)

    with transaction.atomic(), connection.execute_wrapper(order_before):
        load(Inquiry(1, None, timedelta(days=210)), as_of=as_of)
    assert [type(one) for one in placed] == [Order]
    assert Exclusion.objects.filter(lead=sold, client=clients[0], owned=True).exists()
    assert exclusions_compare() == []
    assert counts_compare() == []


def test_after_a_storm_of_loads_orders_and_lists_no_pair_is_missing(clients: list[Client], as_of: datetime) -> None:
    """Each person calls again while clients buy and list: nobody is sold one person twice."""
    people = range(60)
    with transaction.atomic():
        load(*(Inquiry(n, None, timedelta(days=200 + n % 50)) for n in people), as_of=as_of)

    def people_call_again() -> None:
        for first in range(0, 60, 10):
            with transaction.atomic():
                load(*(Inquiry(n, None, timedelta(days=190)) for n in range(first, first + 10)), as_of=as_of)

    def buys(client: Client) -> Callable[[], None]:
        def act() -> None:
            for _ in range(6):
                try:
                    order(client, (4, gold_6()), as_of=as_of)()
                except Shortage as refusal:
                    assert refusal.available < 4

        return act

    def lists() -> None:
        for first in range(0, 60, 20):
            keys = [key(n) for n in range(first, first + 5)]
            with transaction.atomic(), connection.cursor() as cursor:
                persons_lock()
                SuppressionEntry.objects.bulk_create(
                    SuppressionEntry(list_id=clients[0].id, key=each, client=clients[0], generation=0) for each in keys
                )
                Client.objects.select_for_update(no_key=True).get(id=clients[0].id)
                bearers = list(Lead.objects.filter(phone_key__in=keys).values_list("id", flat=True))
                cursor.execute(statements.EXCLUDE, {"client": clients[0].id, "leads": bearers})

    outcomes = run_together([people_call_again, lists, *(buys(client) for client in clients[:3])])
    assert [outcome for outcome in outcomes if outcome is not None] == []
    assert_books_balance()
    assert exclusions_compare() == []
    assert counts_compare() == []
    bought = list(Sale.objects.values_list("client_id", "lead__phone_key"))
    assert len(bought) == len(set(bought)) > 0
