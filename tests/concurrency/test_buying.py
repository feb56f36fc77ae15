"""Many buyers at once: no double sale, no false refusal, no lost money (contract, "Purchase", "Sale").

All data here is committed, and every buyer has a connection of its own.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from threading import Event
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from homeshield.accounts.models import Client
from inventory import picking
from inventory.criteria import Criteria, Demand
from inventory.models import InventoryRecord
from inventory.roll import RollReport, inventory_generate
from inventory.services import InventoryNotFound
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.quotes import quote_create
from sales import attempt, terms
from sales.drafts import draft_line_add, draft_summary
from sales.errors import Busy, IdempotencyKeyReused, InProgress, InsufficientInventory
from sales.models import Draft, Order, Sale
from sales.services import order_place, order_place_draft, order_place_named
from tests.concurrency.parallel import rival, run_together, wait_until_blocked
from tests.factories import ClientFactory, InventoryFactory, UserFactory, stock
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db(transaction=True)


def gold_6(state: str | None = None, county: str | None = None) -> Criteria:
    return Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, state=state, county=county)


@pytest.fixture
def clients(as_of: datetime) -> list[Client]:
    set_prices(as_of - timedelta(days=1000))
    return [ClientFactory() for _ in range(8)]


def order(client: Client, *lines: tuple[int, Criteria], as_of: datetime, key: str | None = None) -> Callable[[], Order]:
    """A job that places an order."""
    return partial(
        order_place,
        client_id=client.id,
        user_id=None,
        demands=[Demand(quantity=quantity, criteria=criteria) for quantity, criteria in lines],
        key=key or str(uuid4()),
        as_of=as_of,
    )


def assert_books_balance() -> None:
    """Each record is sold at most once and marked so; each order is whole; totals are the sums of the sales."""
    assert not Sale.objects.values("inventory").annotate(n=Count("id")).filter(n__gt=1).exists()
    marked = InventoryRecord.objects.filter(sold_at_utc__isnull=False)
    assert set(marked.values_list("id", flat=True)) == set(Sale.objects.values_list("inventory_id", flat=True))
    for placed in Order.objects.annotate(sold=Count("sales"), paid=Sum("sales__purchase_price")):
        assert (placed.quantity, placed.total) == (placed.sold, placed.paid)
        for line in placed.lines.all():
            assert placed.sales.filter(line_number=line.number).count() == line.quantity


def test_scarce_stock_is_sold_out_exactly(clients: list[Client], as_of: datetime) -> None:
    """37 records, 8 buyers of 5: seven are served, one is told that 2 are left."""
    stock(37, as_of=as_of)
    results = run_together([order(client, (5, gold_6()), as_of=as_of) for client in clients])
    refused = [result for result in results if not isinstance(result, Order)]
    assert [type(refusal) for refusal in refused] == [InsufficientInventory]
    assert isinstance(refused[0], InsufficientInventory)
    assert refused[0].available == 2
    assert Sale.objects.count() == 35
    assert_books_balance()


def test_a_storm_of_overlapping_orders(clients: list[Client], as_of: datetime) -> None:
    """Lines in county, state and everywhere, in every order, until the stock is gone: only true shortages."""
    for state, county in (("LA", "Caddo"), ("LA", "Orleans"), ("TX", "Travis")):
        stock(60, as_of=as_of, state=state, county=county)
        stock(20, as_of=as_of, state=state, county=county, age_days=300)
    gold, buckets = Classification.GOLD, [AgeBucket.MONTH_6_TO_8, AgeBucket.MONTH_9_TO_11]
    places = [(None, None), ("LA", None), ("LA", "Caddo"), ("LA", "Orleans"), ("TX", "Travis")]

    def shop(client: Client, seed: int) -> int:
        chance, refusals = random.Random(seed), 0
        for _ in range(12):
            lines = [
                (chance.randint(1, 4), Criteria(classification=gold, age_bucket=bucket, state=state, county=county))
                for bucket in chance.sample(buckets, k=chance.randint(1, 2))
                for state, county in chance.sample(places, k=chance.randint(1, 3))
            ]
            chance.shuffle(lines)
            try:
                order(client, *lines, as_of=as_of)()
            except InsufficientInventory:
                refusals += 1
        return refusals

    results = run_together([partial(shop, client, seed) for seed, client in enumerate(clients)])
    assert not [result for result in results if isinstance(result, Exception)]
    assert_books_balance()
    refusals = sum(result for result in results if isinstance(result, int))
    assert refusals > 0, "the buyers asked for about three times the stock"
    assert Order.objects.count() + refusals == 8 * 12


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Locking switched off, and with it what else in the database would catch a double sale."""
    tables = ("inventory", "sales", "orders")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sales DROP CONSTRAINT sales_inventory_id_key")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda records, **options: records)
    picking._statement.cache_clear()  # what was made with locks
    yield
    picking._statement.cache_clear()  # what was made without
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE sales, order_lines, orders, export_sanitised_cells")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE sales ADD CONSTRAINT sales_inventory_id_key UNIQUE (inventory_id)")


def test_control_without_locks_the_same_buyers_oversell(
    without_locks: None, clients: list[Client], as_of: datetime
) -> None:
    """If this fails, test_scarce_stock_is_sold_out_exactly proves nothing."""
    stock(37, as_of=as_of)
    for _ in range(10):
        run_together([order(client, (5, gold_6()), as_of=as_of) for client in clients])
        twice = Sale.objects.values("inventory").annotate(n=Count("id")).filter(n__gt=1)
        if twice.exists():
            return
        InventoryRecord.objects.update(sold_at_utc=None)
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE sales, order_lines, orders, export_sanitised_cells")
    pytest.fail("eight buyers without locks never sold a record twice")


def hold(ids: list[UUID]) -> Callable[[], object]:
    return lambda: list(InventoryRecord.objects.select_for_update().filter(id__in=ids))


def run_beside[Result](job: Callable[[], Result], *, then: Callable[[], object]) -> Result | Exception:
    """Runs the job in a thread of its own; `then` is called once it waits for a lock."""
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(run_together, [job])
        wait_until_blocked()
        then()
        return running.result(timeout=20)[0]


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
    assert isinstance(refused, InsufficientInventory)
    assert (refused.requested, refused.available) == (61, 51)
    assert refused.alternatives[0].alternative.quantity == 51
    assert not Order.objects.exists()


def test_an_order_passes_by_what_a_rival_holds_as_long_as_there_is_more(clients: list[Client], as_of: datetime) -> None:
    records = stock(20, as_of=as_of)
    with rival(hold([record.id for record in records[10:]])):  # the ones that lapse first
        began = time.monotonic()
        bought = order(clients[0], (10, gold_6()), as_of=as_of)()
        assert time.monotonic() - began < lock_timeout_seconds(), "it did not wait for the rival"
    assert {sale.inventory_id for sale in bought.sales.all()} == {record.id for record in records[:10]}


def lock_timeout_seconds() -> float:
    return float(terms.LOCK_TIMEOUT.removesuffix("s"))


def test_waiting_has_an_end_and_then_nothing_was_bought(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "LOCK_TIMEOUT", "200ms")
    records = stock(5, as_of=as_of)
    with rival(hold([records[0].id])), pytest.raises(Busy, match=r"Nothing was bought\. Please try again"):
        order(clients[0], (5, gold_6()), as_of=as_of)()
    assert not Order.objects.exists()
    assert not InventoryRecord.objects.filter(sold_at_utc__isnull=False).exists()
    assert order(clients[0], (5, gold_6()), as_of=as_of)().quantity == 5


def test_orders_that_wait_never_deadlock(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first order locks by state and waits amid the leads of Orleans; the second locks Caddo's and then needs the
    first one's, which will need Caddo's. They take turns instead. (One attempt each: a second would hide it.)"""
    monkeypatch.setattr(attempt, "ATTEMPTS", 1)
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
    assert [type(result).__name__ for result in results] == ["Order", "InsufficientInventory"], results
    assert_books_balance()


def test_quotes_and_orders_do_not_wait_for_one_another(clients: list[Client], as_of: datetime) -> None:
    """A quote refers to records and an order locks them, in whatever order each came to them."""
    records = stock(20, as_of=as_of)
    ids = [record.id for record in records]

    def quote(client: Client, keys: list[UUID]) -> Callable[[], object]:
        return lambda: [quote_create(client_id=client.id, inventory_ids=keys, as_of=as_of) for _ in range(3)]

    jobs: list[Callable[[], object]] = [quote(clients[0], ids), quote(clients[1], ids[::-1])]
    jobs += [order(client, (5, gold_6()), as_of=as_of) for client in clients[2:6]]
    results = run_together(jobs)
    unexpected = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, InventoryNotFound) for error in unexpected), unexpected  # sold before it was quoted
    assert Order.objects.count() == 4

    left = [record.id for record in stock(2, as_of=as_of)]
    with rival(lambda: pick_all(clients[7], as_of)), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        assert quote_create(client_id=clients[6].id, inventory_ids=left, as_of=as_of).quote.subtotal == Decimal("16.00")
        cursor.execute("RESET lock_timeout")


def pick_all(client: Client, as_of: datetime) -> list[tuple[UUID, UUID]]:
    wanted = Demand(criteria=gold_6(), quantity=1000)
    return picking.pick(wanted, client_id=client.id, as_of=as_of, taken=[], wait=True)


def test_all_waits_of_an_order_together_have_an_end(
    clients: list[Client], as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four rivals give back one record after the other: no single lock lasts, but the order does not wait for ever."""
    monkeypatch.setattr(terms, "PATIENCE", 0.7)
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
        demands=[Demand(criteria=gold_6(), quantity=2)],
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
    monkeypatch.setattr(terms, "LOCK_TIMEOUT", "200ms")
    stock(5, as_of=as_of)
    user = UserFactory(client=clients[0])
    draft_line_add(user=user, criteria=gold_6(), quantity=5)
    shown = draft_summary(user=user, as_of=as_of)
    assert shown.draft_id is not None

    def first_click() -> None:
        Draft.objects.select_for_update().get(user=user)

    with rival(first_click), pytest.raises(InProgress, match="Look under Orders"):
        order_place_draft(
            user=user, draft_id=shown.draft_id, version=shown.version, expected_total=Decimal("40.00"), as_of=as_of
        )
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


def test_the_same_key_at_the_same_moment_buys_once(clients: list[Client], as_of: datetime) -> None:
    stock(50, as_of=as_of)
    results = run_together([order(clients[0], (5, gold_6()), as_of=as_of, key="once")] * 8)
    assert all(isinstance(result, Order) for result in results), results
    assert len({result.id for result in results if isinstance(result, Order)}) == 1
    assert Sale.objects.count() == 5


def test_the_same_key_at_the_same_moment_for_two_requests_serves_one_and_refuses_the_other(
    clients: list[Client], as_of: datetime
) -> None:
    stock(50, as_of=as_of)
    results = run_together([order(clients[0], (quantity, gold_6()), as_of=as_of, key="once") for quantity in (5, 6)])
    assert sorted(type(result).__name__ for result in results) == ["IdempotencyKeyReused", "Order"]
    assert IdempotencyKeyReused.status == 422
    assert Order.objects.count() == 1


def test_a_double_click_buys_once(clients: list[Client], as_of: datetime) -> None:
    stock(50, as_of=as_of)
    user = UserFactory(client=clients[0])
    draft_line_add(user=user, criteria=gold_6(), quantity=5)
    shown = draft_summary(user=user, as_of=as_of)
    assert shown.draft_id is not None
    click = partial(
        order_place_draft, user=user, draft_id=shown.draft_id, version=shown.version,
        expected_total=Decimal("40.00"), as_of=as_of,
    )  # fmt: skip
    results = run_together([click] * 4)
    assert all(isinstance(result, Order) for result in results), results
    assert len({result.id for result in results if isinstance(result, Order)}) == 1
    assert Sale.objects.count() == 5


def test_named_records_go_to_one_buyer_and_the_others_get_replacements(clients: list[Client], as_of: datetime) -> None:
    records = stock(24, as_of=as_of)
    named = [record.id for record in records[:3]]
    results = run_together(
        [
            partial(
                order_place_named, client_id=client.id, user_id=None, inventory_ids=named, key="k",
                as_of=as_of,
            )
            for client in clients
        ]
    )  # fmt: skip
    assert all(isinstance(result, Order) for result in results), results
    replaced = sorted(sum(line.replaced for line in placed.lines.all()) for placed in Order.objects.all())
    assert replaced == [0, 3, 3, 3, 3, 3, 3, 3]
    assert_books_balance()


def test_a_named_record_that_is_merely_held_is_waited_for_and_not_replaced(
    clients: list[Client], as_of: datetime
) -> None:
    records = stock(5, as_of=as_of)
    named = [records[0].id]
    job = partial(order_place_named, client_id=clients[0].id, user_id=None, inventory_ids=named, key="k", as_of=as_of)
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


def test_rolls_beside_rolls_and_purchases(clients: list[Client], as_of: datetime) -> None:
    """Every lead that is due gets one record, whoever is rolling, and purchases go on beside it."""
    stock(40, as_of=as_of)
    for _ in range(60):
        InventoryFactory(as_of=as_of - timedelta(days=60), lead__age=timedelta(days=150))  # due since 30 days

    def roll() -> RollReport:
        return inventory_generate(as_of=as_of, now=as_of)

    results = run_together([roll, roll, roll, *(order(client, (5, gold_6()), as_of=as_of) for client in clients[:5])])
    created = sum(result.created for result in results if isinstance(result, RollReport))
    assert created == 60
    assert not [result for result in results if isinstance(result, Exception)]
    assert not InventoryRecord.objects.values("lead", "age_bucket").annotate(n=Count("id")).filter(n__gt=1).exists()
    assert InventoryRecord.objects.sellable(as_of).count() == 40 + 60 - 25
    assert_books_balance()
