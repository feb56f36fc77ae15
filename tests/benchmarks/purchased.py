"""What finding a purchased lead costs a client that has bought many: the page of its leads, searches, and its year.

    uv run python -m tests.benchmarks.purchased [--sizes 10000 200000]

The floor reads fifty of the client's leads in the order of their purchase, by hand.
"""

import argparse
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, LiteralString

from rich.console import Console

from tests.benchmarks.database import drop_database, say, use_database
from tests.benchmarks.growth import Figure, execute, median, once, sql, table_of

if TYPE_CHECKING:
    from homeshield.accounts.models import User

DATABASE = "benchmark_purchased"
SIZES = (10_000, 200_000)
PER_ORDER = 500

# Orders of 500 leads over three years; 2,000 last names, 200 first names, 500 cities.
FILL: LiteralString = """
    WITH numbered AS (
        SELECT n, lpad(to_hex(n), 32, '0')::uuid AS id, county.state, county.county,
               %(as_of)s - interval '1 hour' * (n / %(each)s * %(each)s * 26280.0 / %(count)s) AS bought,
               hashint8(n)::bigint + 2147483648 AS luck
        FROM generate_series(1, %(count)s) AS n
        JOIN benchmark_counties county ON county.number = n %% %(counties)s
    ), placed AS (
        INSERT INTO orders (id, client_id, placed_at_utc, quantity, total, currency, idempotency_key, request_digest)
        SELECT ('1' || substring(lpad(to_hex(n / %(each)s), 32, '0') FROM 2))::uuid, %(client)s, min(bought),
               count(*), count(*) * 8, 'USD', (n / %(each)s)::text, repeat('0', 64)
        FROM numbered GROUP BY n / %(each)s
    ), made AS (
        INSERT INTO leads (id, created_at_utc, classification, state, county, city, first_name, last_name,
                           borrower_phone, call_in_date, natural_key, mortgage_id)
        SELECT id, bought - interval '200 days' - interval '1 minute' * (luck %% 80000), 'Gold', state, county,
               'City ' || luck %% 500, 'First' || luck %% 200, 'Last' || luck %% 2000,
               '948' || lpad((1000000 + luck %% 999999)::text, 7, '1'), '', md5(n::text)::uuid, n::text
        FROM numbered
    ), recorded AS (
        INSERT INTO inventory (id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc,
                               sold_at_utc)
        SELECT id, id, 'MONTH_6_TO_8', 'Gold', state, county, bought - interval '10 days', bought + interval '80 days',
               bought
        FROM numbered
    )
    INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket, purchase_price,
                       list_price, currency, sold_at_utc)
    SELECT id, ('1' || substring(lpad(to_hex(n / %(each)s), 32, '0') FROM 2))::uuid, 1, id, id, %(client)s,
           'MONTH_6_TO_8', 8, 8, 'USD', bought
    FROM numbered
"""

FLOOR = """
    SELECT sale.id, lead.last_name, lead.first_name, lead.borrower_phone, lead.city
    FROM sales sale JOIN leads lead ON lead.id = sale.lead_id
    WHERE sale.client_id = %(client)s ORDER BY sale.sold_at_utc DESC, sale.id DESC LIMIT 51
"""

SEARCHES = {
    "newest first": {},
    "a last name": {"text": "last77"},
    "two words": {"text": "first12 last7"},
    "a city": {"text": "city 42"},
    "a phone number's first digits": {"text": "948 11"},
    "a state": {"state": "TX"},
    "a state, by call date": {"state": "TX", "sort": "called"},
    "by call date": {"sort": "called"},
    "by name": {"sort": "name"},
}


def fill(size: int, buyer: "User", as_of: datetime) -> None:
    """Purchases of `size` leads, and nothing else."""
    from django.db import connection

    from tests.benchmarks.market import counties_table

    with connection.cursor() as cursor:
        counties = counties_table(cursor)
        cursor.execute("SET session_replication_role = replica")  # the rows agree by construction
        cursor.execute("TRUNCATE purchased_leads, sales, inventory, leads, orders CASCADE")
        cursor.execute(
            FILL,
            {"count": size, "each": PER_ORDER, "client": buyer.client_id, "as_of": as_of, "counties": counties},
        )
        cursor.execute("SET session_replication_role = origin")
    for table in ("leads", "inventory", "sales", "orders"):
        execute(f"VACUUM ANALYZE {table}")


def measure(buyer: "User", as_of: datetime) -> Iterator[Figure]:
    from django.conf import settings
    from django.test import Client as Browser

    from sales.history.purchases import LeadSearch, purchases_page, purchases_refresh
    from sales.history.year import year_of

    assert buyer.client_id is not None
    client_id = buyer.client_id
    yield Figure("taking all of it in, once", once(lambda: purchases_refresh(client_id)))
    execute("VACUUM ANALYZE purchased_leads")
    yield Figure("nothing new to take in", median(lambda: purchases_refresh(client_id)))
    floor = median(sql(FLOOR, client=client_id))
    for name, asked in SEARCHES.items():
        search = partial(purchases_page, client_id=client_id, asked=LeadSearch(**asked), cursor=None, limit=50)  # type: ignore[arg-type]
        assert search().rows, name
        yield Figure(name, median(search), floor)
    yield Figure("a year", median(lambda: year_of(client_id=client_id, year=as_of.year - 1, as_of=as_of), repeats=5))
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    browser = Browser()
    browser.force_login(buyer, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert browser.get("/leads/").status_code == 200
    yield Figure("the whole page, newest first", median(lambda: browser.get("/leads/")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="leads that the client has bought")
    arguments = parser.parse_args()
    use_database(DATABASE)
    from django.utils import timezone

    from tests.benchmarks.market import a_buyer

    as_of = timezone.now()
    buyer = a_buyer(as_of)
    figures = []
    for size in arguments.sizes:
        fill(size, buyer, as_of)
        figures.append(list(measure(buyer, as_of)))
        say(f"{size:,} purchased leads measured")
    Console(width=120).print(table_of(arguments.sizes, figures))
    drop_database(DATABASE)


if __name__ == "__main__":
    main()
