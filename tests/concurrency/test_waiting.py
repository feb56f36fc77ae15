"""What an order does about records that others hold: passes by, waits, gives up in time (contract, "Purchase").

A rival session holds them; what happens next is led step by step.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from threading import Event
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from homeshield.accounts.errors import ClientMayNotBuy
from homeshield.accounts.models import Client
from homeshield.accounts.permissions import ClientStatus
from inventory.allocation import waiting
from inventory.allocation.services import inventory_allocate
from inventory.allocation.waiting import Patience
from inventory.buyer import Buyer
from inventory.errors import InventoryNotFound, Shortage
from inventory.facts.criteria import Demand
from inventory.models import InventoryRecord
from inventory.upkeep.roll import RollReport, inventory_generate
from pricing.quotes import quote_create
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add
from sales.errors import Busy, InProgress
from sales.models import Draft, Order, Sale
from sales.ordering.baskets import CriteriaBasket, NamedBasket
from sales.ordering.services import order_place, order_place_draft
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import rival, run_beside, run_together, wait_until_blocked
from tests.factories import InventoryFactory, UserFactory, stock
from tests.sales.purchases import at

pytestmark = pytest.mark.django_db(transaction=True)


def hold(ids: list[UUID]) -> Callable[[], object]:
    return lambda: list(InventoryRecord.objects.select_for_update().filter(id__in=ids))


def allocate(quantity: int, client: Client, as_of: datetime) -> Callable[[], object]:
    wanted = Demand(criteria=gold_6(), quantity=quantity)
    return partial(inventory_allocate, demands=[wanted], buyer=Buyer(client.id), as_of=as_of, wait=Patience(60))


def lock_timeout_seconds() -> float:
    return float(waiting.LOCK_TIMEOUT.removesuffix("s"))


def test_records_that_a_rival_holds_and_gives_back_are_no_shortage(clients: list[Client], as_of: datetime) -> None:
    records = stock(61, as_of=as_of)
    with rival(hold([record.id for record in records[:10]])) as other:
        bought = run_beside(order(clients[0], (61, gold_6()), as_of=as_of), then=lambda: other.end(commit=False))
    assert isinstance(bought, Order)
    assert bought.quantity == 61
    assert_books_balance()


def test_records_that_a_rival_holds_and_then_sells_are_an_exact_shortage(
    clients: list[Client], as_of: datetime
) -> None:
    records = stock(61, as_of=as_of)
    held = [record.id for record in records[:10]]
    with rival(lambda: InventoryRecord.objects.filter(id__in=held).update(sold_at_utc=as_of)) as other:
        refused = run_beside(order(clients[0], (61, gold_6()), as_of=as_of), then=lambda: other.end(commit=True))
    assert isinstance(refused, Shortage)
    assert (refused.line.quantity, refused.available) == (61, 51)
    assert refused.alternatives[0].quantity == 51
    assert not Order.objects.exists()


def test_an_order_passes_by_what_a_rival_holds_as_long_as_there_is_more(clients: list[Client], as_of: datetime) -> None:
    records = stock(20, as_of=as_of)
    with rival(hold([record.id for record in records[10:]])):  # the ones that lapse first
        began = time.monotonic()
        bought = order(clients[0], (10, gold_6()), as_of=as_of)()
        assert time.monotonic() - began < lock_timeout_seconds(), "it did not wait for the rival"
    assert {sale.inventory_id for sale in bought.sales.all()} == {record.id for record in records[:10]}


def test_after_a_shortage_the_transaction_has_its_usual_limits(clients: list[Client], as_of: datetime) -> None:
    """What an order asks next (does the client own what it named?) is not part of its wait, and was broken off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '17s'")
        with pytest.raises(Shortage):
            allocate(1, clients[0], as_of)()
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("17s",)


def test_waiting_has_an_end_and_then_nothing_was_bought(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "200ms")
    records = stock(5, as_of=as_of)
    with rival(hold([records[0].id])), pytest.raises(Busy, match=r"Nothing was bought\. Please try again"):
        order(clients[0], (5, gold_6()), as_of=as_of)()
    assert not Order.objects.exists()
    assert not InventoryRecord.objects.filter(sold_at_utc__isnull=False).exists()
    assert order(clients[0], (5, gold_6()), as_of=as_of)().quantity == 5


def test_an_order_waits_for_the_end_of_a_load_no_longer_than_for_anything_else(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The load holds the whole table of clients, so the order waits before its first statement has begun."""
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "500ms")
    stock(1, as_of=as_of)

    def end_of_load() -> None:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE clients IN EXCLUSIVE MODE")

    with rival(end_of_load) as other:

        def much_later() -> None:
            time.sleep(1.5)
            other.end(commit=False)

        refused = run_beside(order(clients[0], (1, gold_6()), as_of=as_of), then=much_later)
    assert isinstance(refused, Busy), refused
    assert not Order.objects.exists()


def test_orders_that_wait_never_deadlock(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first order locks by state and waits amid the leads of Orleans; the second locks Caddo's and then needs the
    first one's, which will need Caddo's. They take turns instead. (One attempt each: a second would hide it.)"""
    monkeypatch.setattr(waiting, "ATTEMPTS", 1)
    orleans = stock(10, as_of=as_of, county="Orleans", age_days=260)[::-1]  # lapse first
    stock(10, as_of=as_of, county="Caddo", age_days=200)
    by_state = order(clients[0], (20, gold_6("LA")), as_of=as_of)
    by_county = order(clients[1], (10, gold_6("LA", "Caddo")), (10, gold_6("LA")), as_of=as_of)
    with rival(hold([orleans[4].id])) as other, ThreadPoolExecutor(2) as threads:
        first = threads.submit(run_together, [by_state])
        wait_until_blocked(1)
        second = threads.submit(run_together, [by_county])
        wait_until_blocked(2)
        other.end(commit=False)
        results = [*first.result(timeout=20), *second.result(timeout=20)]
    assert [type(result).__name__ for result in results] == ["Order", "Shortage"], results
    assert_books_balance()


def test_quotes_and_orders_do_not_wait_for_one_another(clients: list[Client], as_of: datetime) -> None:
    """A quote refers to records and an order locks them, in whatever order each came to them."""
    records = stock(20, as_of=as_of)
    ids = [record.id for record in records]

    def quote(client: Client, keys: list[UUID]) -> Callable[[], object]:
        return lambda: [quote_create(buyer=Buyer(client.id), inventory_ids=keys, as_of=as_of) for _ in range(3)]

    jobs: list[Callable[[], object]] = [quote(clients[0], ids), quote(clients[1], ids[::-1])]
    jobs += [order(client, (5, gold_6()), as_of=as_of) for client in clients[2:6]]
    results = run_together(jobs)
    unexpected = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, InventoryNotFound) for error in unexpected), unexpected  # sold before it was quoted
    assert Order.objects.count() == 4

    left = [record.id for record in stock(2, as_of=as_of)]
    with rival(allocate(2, clients[7], as_of)), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        quoted = quote_create(buyer=Buyer(clients[6].id), inventory_ids=left, as_of=as_of)
        assert quoted.quote.subtotal == Decimal("16.00")
        cursor.execute("RESET lock_timeout")


def test_all_waits_of_an_order_together_have_an_end(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four rivals give back one record after the other: no single lock lasts, but the order does not wait for ever."""
    monkeypatch.setattr(waiting, "PATIENCE", 0.7)
    records = stock(4, as_of=as_of)[::-1]
    with ExitStack() as held:
        rivals = [held.enter_context(rival(hold([record.id]))) for record in records]

        def give_back() -> None:
            for other in rivals:
                time.sleep(0.4)
                other.end(commit=False)

        refused = run_beside(order(clients[0], (4, gold_6()), as_of=as_of), then=give_back)
    assert isinstance(refused, Busy), refused
    assert not Order.objects.exists()
    assert order(clients[0], (4, gold_6()), as_of=as_of)().quantity == 4


def test_an_order_that_waited_is_of_the_instant_at_which_it_began(clients: list[Client], now: datetime) -> None:
    """One instant for the whole order: the database's transaction time, not the time at which a lock came free."""
    records = stock(2, as_of=now)
    job = partial(
        order_place, client_id=clients[0].id, user_id=None, key="k",
        basket=CriteriaBasket([Demand(criteria=gold_6(), quantity=2)]),
    )  # fmt: skip
    released: list[datetime] = []
    with rival(hold([records[0].id])) as other:

        def release() -> None:
            time.sleep(0.2)
            released.append(timezone.now())
            other.end(commit=False)

        bought = run_beside(job, then=release)
    assert isinstance(bought, Order), bought
    assert now <= bought.placed_at_utc < released[0]
    assert {sale.sold_at_utc for sale in bought.sales.all()} == {bought.placed_at_utc}


def test_a_second_click_that_cannot_wait_is_told_that_the_order_is_on_its_way(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that nothing was bought: the first click may still go through."""
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "200ms")
    stock(5, as_of=as_of)
    user = UserFactory(client=clients[0])
    draft_line_add(user=user, criteria=gold_6(), quantity=5)
    shown = draft_summary(user=user, as_of=as_of)
    assert shown.draft_id is not None

    def first_click() -> None:
        Draft.objects.select_for_update().get(user=user)

    with rival(first_click), pytest.raises(InProgress, match="Look under Orders"):
        at(
            as_of, order_place_draft,
            user=user, draft_id=shown.draft_id, version=shown.version, expected_total=Decimal("40.00"),
        )  # fmt: skip
    assert not Order.objects.exists()


def test_an_order_that_the_database_breaks_off_is_tried_again(clients: list[Client], as_of: datetime) -> None:
    """A session that locks against the order of sale makes a deadlock with an order that waits. The order's session
    is the one that finds it (it has waited longest) and loses; its buyer gets the leads all the same."""
    later, sooner = (record.id for record in stock(2, as_of=as_of))  # the older lead lapses, and is locked, first
    blocked = Event()

    def lock_against_the_order_of_sale() -> None:
        hold([later])()
        blocked.set()
        wait_until_blocked()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '10s'")  # let the order be the one to notice
        hold([sooner])()

    def rival_session() -> None:
        with transaction.atomic():
            lock_against_the_order_of_sale()

    def buy() -> Order:
        blocked.wait(timeout=10)
        return order(clients[0], (2, gold_6()), as_of=as_of)()

    bought, rival_result = run_together([buy, rival_session])
    assert isinstance(bought, Order), bought
    assert rival_result is None
    assert_books_balance()


def test_a_named_record_that_is_merely_held_is_waited_for_and_not_replaced(
    clients: list[Client], as_of: datetime
) -> None:
    records = stock(5, as_of=as_of)
    named = [records[0].id]
    basket = NamedBasket([records[0].id])
    job = partial(at, as_of, order_place, client_id=clients[0].id, user_id=None, basket=basket, key="k")
    with rival(hold(named)) as other:
        bought = run_beside(job, then=lambda: other.end(commit=False))
    assert isinstance(bought, Order)
    assert bought.sales.get().inventory_id == records[0].id


def test_the_roll_waits_for_what_an_order_holds(as_of: datetime) -> None:
    """It passes by first, but does not end before every lead that is due has its record."""
    record = InventoryFactory(as_of=as_of - timedelta(days=60), lead__age=timedelta(days=150))

    def roll() -> RollReport:
        return inventory_generate(as_of=as_of, now=as_of)

    with rival(hold([record.id])) as other:
        report = run_beside(roll, then=lambda: other.end(commit=False))
    assert isinstance(report, RollReport), report
    assert (report.created, report.lapsed) == (1, 1)


def suspend(client: Client) -> Callable[[], object]:
    return lambda: Client.objects.filter(id=client.id).update(status=ClientStatus.SUSPENDED)


@pytest.mark.parametrize("suspended", [True, False])
def test_an_order_waits_for_a_suspension_under_way_and_minds_it(
    clients: list[Client], as_of: datetime, suspended: bool
) -> None:
    stock(1, as_of=as_of)
    with rival(suspend(clients[0])) as staff:
        placed = run_beside(order(clients[0], (1, gold_6()), as_of=as_of), then=lambda: staff.end(commit=suspended))
    assert isinstance(placed, ClientMayNotBuy if suspended else Order)
    assert Sale.objects.count() == (0 if suspended else 1)


def test_an_order_does_not_wait_for_a_change_of_its_client_for_ever(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(1, as_of=as_of)
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "200ms")
    with rival(suspend(clients[0])):
        (refused,) = run_together([order(clients[0], (1, gold_6()), as_of=as_of)])
    assert isinstance(refused, Busy)
    assert not Sale.objects.exists()
