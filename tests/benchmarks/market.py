"""A shop of any size for the benchmarks: leads of every county, class and age, spread as unevenly as in life.

It grows in place: what was measured at one size can be measured again at the next.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, LiteralString
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from tests.benchmarks.database import say

if TYPE_CHECKING:
    from homeshield.accounts.models import User

CHUNK = 500_000

# Ages of 90 to 1179 days and some, none within half a day of a birthday of its bucket: nothing falls due meanwhile.
FILL: LiteralString = """
    WITH numbered AS (
        SELECT n, hashint8(n)::bigint + 2147483648 AS luck, hashint8(-n)::bigint + 2147483648 AS chance
        FROM generate_series(%(first)s::bigint + 1, %(first)s + %(count)s) AS n
    ), placed AS (
        SELECT n, lpad(to_hex(n), 32, '0')::uuid AS id, county.state, county.county,
               CASE WHEN chance %% 5 < 2 THEN 'Gold' ELSE 'Silver' END AS classification,
               %(as_of)s - interval '24 hours' * (90.5 + chance / 5 %% 1090)
                         + interval '1 second' * (chance / 5450 %% 40000 - 20000) AS created
        FROM numbered JOIN benchmark_counties county
             ON county.number = floor(%(counties)s * power(luck / 4294967296.0, 2.5))::int
    ), made AS (
        INSERT INTO leads (id, created_at_utc, classification, state, county, city, first_name, call_in_date,
                           natural_key, mortgage_id)
        SELECT id, created, classification, state, county, 'Pecanville', 'Ada', '', id, n::text
        FROM placed
    )
    INSERT INTO inventory (id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc)
    SELECT id, id, bucket.name, classification, state, county,
           created + interval '24 hours' * bucket.first_day,
           CASE WHEN bucket.next_day IS NULL THEN timestamptz '9999-12-31 00:00:00+00'
                ELSE created + interval '24 hours' * bucket.next_day END
    FROM placed JOIN (VALUES ('MONTH_3_TO_5', 90, 180), ('MONTH_6_TO_8', 180, 270), ('MONTH_9_TO_11', 270, 360),
                             ('MONTH_12_TO_23', 360, 720), ('MONTH_24_PLUS', 720, NULL))
                         AS bucket (name, first_day, next_day)
        ON %(as_of)s - created >= interval '24 hours' * bucket.first_day
           AND (bucket.next_day IS NULL OR %(as_of)s - created < interval '24 hours' * bucket.next_day)
"""


def a_buyer(as_of: datetime) -> "User":
    """The one user of the shop, who may buy, and prices since that instant."""
    from homeshield.accounts.models import Client, User
    from tests.sales.purchases import set_prices

    if not User.objects.exists():
        set_prices(as_of)
        company = Client.objects.create(name="Agency", status="active")
        User.objects.create_user("buyer@agency.example", client=company, role="owner")
    return User.objects.select_related("client").get()


def grow(already: int, size: int, *, as_of: datetime) -> None:
    """Makes leads and their records until there are `size`, `already` being there; then counts and statistics."""
    from django.db import connection

    from inventory.counting.compaction import counts_rebuild

    began = time.perf_counter()
    with connection.cursor() as cursor:
        counties = counties_table(cursor)
        cursor.execute("SET session_replication_role = replica")  # the rows agree by construction
        with _indexes_made_afterwards(cursor):
            for first in range(already, size, CHUNK):
                cursor.execute(
                    FILL, {"first": first, "count": min(CHUNK, size - first), "counties": counties, "as_of": as_of}
                )
        cursor.execute("SET session_replication_role = origin")
        for table in ("leads", "inventory"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")
    counts_rebuild()
    with connection.cursor() as cursor:
        for table in ("inventory_counts", "inventory_count_changes"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    say(f"{size:,} sellable records, made in {time.perf_counter() - began:.0f} s")


@contextmanager
def _indexes_made_afterwards(cursor: CursorWrapper) -> Iterator[None]:
    """Millions of rows that come in no order of an index take hours beside it, and minutes before it is made."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('leads', 'inventory')"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    indexes: list[tuple[str, LiteralString]] = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    cursor.execute("SET maintenance_work_mem = '1GB'")
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute("RESET maintenance_work_mem")


OWN: LiteralString = """
    WITH chosen AS (
        SELECT id, lead_id, classification, state, county, enters_at_utc, gen_random_uuid() AS earlier
        FROM inventory
        WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld AND age_bucket = 'MONTH_6_TO_8'
          AND classification = %(classification)s
        ORDER BY expires_at_utc, id LIMIT %(count)s
    ), sold AS (
        INSERT INTO inventory (id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc,
                               sold_at_utc, lapsed_at_utc)
        SELECT earlier, lead_id, 'MONTH_3_TO_5', classification, state, county, enters_at_utc - interval '2160 hours',
               enters_at_utc, enters_at_utc - interval '1 hour', enters_at_utc
        FROM chosen
    ), paired AS (
        INSERT INTO exclusions (lead_id, client_id, owned) SELECT lead_id, %(client)s, true FROM chosen
    )
    INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket, purchase_price,
                       list_price, currency, sold_at_utc)
    SELECT gen_random_uuid(), gen_random_uuid(), 1, earlier, lead_id, %(client)s, 'MONTH_3_TO_5', 10, 10, 'USD',
           enters_at_utc - interval '1 hour'
    FROM chosen
"""


def own(client_id: UUID, count: int) -> None:
    """Makes the client the owner, from their first bucket, of up to `count` leads that are six to eight months old:
    those that lapse soonest, Gold and then Silver. Counts are made anew."""
    from django.db import connection

    from inventory.counting.compaction import counts_rebuild

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for classification in ("Gold", "Silver"):
            cursor.execute(OWN, {"classification": classification, "count": count, "client": client_id})
            count -= cursor.rowcount
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE sales, exclusions")
    counts_rebuild()


def largest_county() -> tuple[str, str]:
    """The state and the county that have most leads, 4 of 100: a list of it is full in the smallest shop as well."""
    return _places()[0]


def _places() -> list[tuple[str, str]]:
    """All counties, shuffled; the first ones get most leads."""
    from leads.geography import COUNTIES

    places = [(state, county) for state, counties in COUNTIES.items() for county in counties]
    Random(1).shuffle(places)
    return places


def counties_table(cursor: CursorWrapper) -> int:
    """A table of all counties for statements that fill; returns how many."""
    places = _places()
    cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS benchmark_counties (number int, state text, county text)")
    cursor.execute("TRUNCATE benchmark_counties")
    cursor.executemany("INSERT INTO benchmark_counties VALUES (%s, %s, %s)", [(n, *p) for n, p in enumerate(places)])
    cursor.execute("ANALYZE benchmark_counties")
    return len(places)
