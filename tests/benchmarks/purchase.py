"""What an order costs, beside one hand-written SQL statement that does the same work on the same data.

    uv run python -m tests.benchmarks.purchase [--rows 1000000] [--keep]

Prints medians in milliseconds and ratios, the floor and the shop taking turns in one run.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table

from tests.benchmarks.database import drop_database, fill, say, use_database

DATABASE = "benchmark_purchase"
BUYERS = 8
SECONDS = 6.0
WEB_ROLE = "benchmark_web"

# What an order does, in one message of three statements: the client's standing, the price in force with discounts and
# the client's own, buyer protection, the records, and all the rows that are written, checked by the same constraints
# and triggers.
FLOOR = """
    WITH price AS (
        SELECT rule.amount AS general,
               least(rule.amount,
                     (SELECT min(round(rule.amount * (100 - percentage) / 100, 2)) FROM discount_rules
                      WHERE effective_from_utc <= now() AND (effective_until_utc IS NULL OR effective_until_utc > now())
                        AND code IS NULL AND (client_id IS NULL OR client_id = %(client)s) AND least_leads <= %(n)s),
                     (SELECT amount FROM client_prices AS own
                      WHERE own.client_id = %(client)s
                        AND (own.classification, own.age_bucket) = (rule.classification, rule.age_bucket)
                        AND effective_from_utc <= now()
                        AND (effective_until_utc IS NULL OR effective_until_utc > now()))) AS amount
        FROM pricing AS rule
        WHERE rule.classification = 'Gold' AND rule.age_bucket = 'MONTH_6_TO_8' AND rule.effective_from_utc <= now()
          AND (rule.effective_until_utc IS NULL OR rule.effective_until_utc > now())
    ), placed AS (
        INSERT INTO orders (id, client_id, placed_at_utc, quantity, total, currency, idempotency_key, request_digest)
        SELECT gen_random_uuid(), clients.id, now(), %(n)s, %(n)s * price.amount, 'USD', %(key)s, ''
        FROM clients, price
        WHERE clients.id = %(client)s AND clients.status = 'active'
        RETURNING id, total / quantity AS unit_price
    ), line AS (
        INSERT INTO order_lines (id, order_id, number, classification, age_bucket, quantity, unit_price,
                                 list_price, amount, replaced)
        SELECT gen_random_uuid(), id, 1, 'Gold', 'MONTH_6_TO_8', %(n)s, unit_price, general, %(n)s * unit_price, 0
        FROM placed, price
    ), picked AS (
        SELECT id FROM inventory
        WHERE classification = 'Gold' AND age_bucket = 'MONTH_6_TO_8'
          AND sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld
          AND enters_at_utc <= now() AND expires_at_utc > now()
          AND NOT EXISTS (SELECT FROM exclusions
                          WHERE client_id = %(client)s AND exclusions.lead_id = inventory.lead_id OFFSET 0)
        ORDER BY expires_at_utc, id LIMIT %(n)s FOR UPDATE SKIP LOCKED
    ), marked AS (
        UPDATE inventory SET sold_at_utc = now() FROM picked WHERE inventory.id = picked.id
        RETURNING inventory.id, inventory.lead_id
    )
    INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket, purchase_price,
                       list_price, currency, sold_at_utc)
    SELECT gen_random_uuid(), placed.id, 1, marked.id, marked.lead_id, %(client)s, 'MONTH_6_TO_8', placed.unit_price,
           price.general, 'USD', now()
    FROM marked, placed, price
"""
INVOICED = """
    INSERT INTO documents (id, kind, number, client_id, source_id, issued_at_utc, total, seller, buyer, contents,
                           layout)
    SELECT gen_random_uuid(), 'invoice', orders.number, orders.client_id, orders.id, placed_at_utc, total,
           jsonb_build_object('name', 'HomeShield', 'address', '1 Example Way', 'tax_id', '', 'email', ''),
           jsonb_build_object('name', clients.name, 'address', '', 'tax_id', ''),
           jsonb_build_object('placed_at', placed_at_utc, 'lines', jsonb_build_array(jsonb_build_object(
               'text', 'Gold, 6 to 8 months, all states', 'quantity', quantity, 'note', '',
               'list_price', total / quantity, 'unit_price', total / quantity))), 1
    FROM orders JOIN clients ON clients.id = orders.client_id
    WHERE client_id = %(client)s AND idempotency_key = %(key)s
"""
# The ledger's rows need the order's, which one statement does not see: they are sent with it, as the shop sends them.
PAID = """
    INSERT INTO ledger_transactions (id, kind, source_id, client_id, happened_at_utc, reference)
    SELECT gen_random_uuid(), 'order', id, client_id, placed_at_utc, '#' || number
    FROM orders WHERE client_id = %(client)s AND idempotency_key = %(key)s;
    INSERT INTO ledger_legs (transaction_id, kind, account, client_id, amount)
    SELECT made.id, 'order', leg.account, leg.client_id, leg.amount
    FROM orders
    JOIN ledger_transactions made ON made.kind = 'order' AND made.source_id = orders.id
    CROSS JOIN LATERAL (VALUES (1, 'revenue', NULL, orders.total), (2, 'client', orders.client_id, - orders.total))
                       AS leg (place, account, client_id, amount)
    WHERE orders.client_id = %(client)s AND orders.idempotency_key = %(key)s
    ORDER BY leg.place
"""


def floor(client_id: UUID, quantity: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"{FLOOR}; {INVOICED}; {PAID}", {"client": client_id, "n": quantity, "key": str(uuid4())})


def shop(client_id: UUID, quantity: int) -> None:
    from inventory.facts.criteria import Criteria, Demand
    from leads.age import AgeBucket
    from leads.classification import Classification
    from sales.ordering.baskets import CriteriaBasket
    from sales.ordering.services import order_place

    criteria = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    demand = Demand(criteria=criteria, quantity=quantity)
    order_place(client_id=client_id, user_id=None, basket=CriteriaBasket([demand]), key=str(uuid4()))


def walled(client_id: UUID, quantity: int) -> None:
    """The same as a request does it: as the web's role (see `alternate`), behind row-level security."""
    from homeshield.lib.viewer import Viewer, seen_by

    with seen_by(Viewer(client_id)):
        shop(client_id, quantity)


type Way = Callable[[UUID, int], None]


def alternate(client_ids: list[UUID], quantity: int, repeats: int) -> tuple[float, float, float]:
    """Medians in milliseconds of the floor, of the shop, and of the shop as the web's role, taking turns."""
    from django.db import connection

    times: dict[Way, list[float]] = {floor: [], shop: [], walled: []}
    for _ in range(repeats + 2):
        for way, measured in times.items():
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {WEB_ROLE}" if way is walled else "RESET ROLE")
            began = time.perf_counter()
            way(client_ids[0], quantity)
            measured.append((time.perf_counter() - began) * 1000)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    one, other, third = (statistics.median(measured[2:]) for measured in times.values())
    return one, other, third


def _buyer(way: Way, client_id: UUID, ready: "Barrier", counts: "Queue[int]") -> None:
    """A process that buys ten leads at a time until its time is over."""
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = DATABASE
    for _ in range(5):
        way(client_id, 10)
    ready.wait()
    end = time.monotonic() + SECONDS
    done = 0
    while time.monotonic() < end:
        way(client_id, 10)
        done += 1
    counts.put(done)


def orders_per_second(way: Way, client_ids: list[UUID]) -> float:
    context = multiprocessing.get_context("spawn")
    counts: Queue[int] = context.Queue()
    ready = context.Barrier(len(client_ids))
    buyers = [context.Process(target=_buyer, args=(way, key, ready, counts)) for key in client_ids]
    for buyer in buyers:
        buyer.start()
    total = sum(counts.get() for _ in buyers)
    for buyer in buyers:
        buyer.join()
    return total / SECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="sellable records, all in one cell")
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    arguments = parser.parse_args()
    use_database(DATABASE)
    from django.db import connection
    from django.utils import timezone

    from homeshield.database_roles.provisioning import roles_provision
    from tests.factories import ClientFactory
    from tests.sales.purchases import set_prices

    now = timezone.now()
    set_prices(now - timedelta(days=1))
    client_ids = [ClientFactory().id for _ in range(BUYERS)]
    _fill(0, arguments.rows, now, sold=False)
    for _ in range(20):  # a shop that has sold before, whose tables the planner knows
        shop(client_ids[0], 1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    table = Table("order", "floor", "shop", "ratio", "target", title=f"{arguments.rows:,} sellable records in one cell")
    for column in table.columns[1:]:
        column.justify = "right"
    roles_provision(role=WEB_ROLE)
    before: dict[int, float] = {}
    for quantity, repeats, target in ((1, 200, "1.8"), (50, 100, "2.0"), (1000, 15, "1.3")):
        one, other, web = alternate(client_ids, quantity, repeats)
        before[quantity] = other
        table.add_row(f"{quantity} leads, ms", f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f}", f"≤ {target}")
        table.add_row(f"{quantity} leads as the web's role, ms", f"{one:.2f}", f"{web:.2f}", f"{web / one:.2f}", "")
    rates = [(orders_per_second(floor, client_ids), orders_per_second(shop, client_ids)) for _ in range(2)]
    one, other = (statistics.median(column) for column in zip(*rates, strict=True))
    table.add_row(f"{BUYERS} buyers, orders of 10 per s", f"{one:.0f}", f"{other:.0f}", f"{other / one:.2f}", "≥ 0.6")

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE inventory")
    again = {quantity: alternate(client_ids, quantity, repeats)[1] for quantity, repeats in ((1, 200), (50, 100))}
    _fill(arguments.rows, arguments.rows, now, sold=True)
    for quantity, repeats in ((1, 200), (50, 100)):
        _, after, _ = alternate(client_ids, quantity, repeats)
        table.add_row(
            f"{quantity} leads beside {arguments.rows:,} sold, ms", f"{again[quantity]:.2f} without", f"{after:.2f}",
            f"{after / again[quantity]:.2f}", "≤ 1.3",
        )  # fmt: skip
    Console(width=110).print(table)
    if not arguments.keep:
        drop_database(DATABASE)


def _fill(first: int, count: int, now: datetime, *, sold: bool) -> None:
    from django.db import connection

    began = time.perf_counter()
    fill(
        first, count, classification="Gold", bucket="MONTH_6_TO_8", as_of=now,
        sold_at=now if sold else None,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads")
        cursor.execute("VACUUM ANALYZE inventory")
    say(f"{count:,} {'sold' if sold else 'sellable'} records made in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
