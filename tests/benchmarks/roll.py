"""What the roll costs: with nothing due, and with 20,000 leads that enter their next bucket.

    uv run python -m tests.benchmarks.roll [--sizes 100000 1000000 10000000]

The floor of nothing due is the look into the indexes; that of 20,000 leads one statement by hand under the same
constraints and triggers.
"""

from collections.abc import Iterator
from datetime import datetime

from tests.benchmarks import growth
from tests.benchmarks.growth import Figure, median, once, sql, undone

DUE = 20_000

NOTHING = """
    SELECT EXISTS (SELECT FROM inventory WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld
                                           AND expires_at_utc <= now()),
           EXISTS (SELECT FROM inventory WHERE sold_at_utc IS NOT NULL AND lapsed_at_utc IS NULL
                                           AND expires_at_utc <= now()),
           EXISTS (SELECT FROM young_leads WHERE enters_at_utc <= now())
"""
ROLL = """
    WITH due AS (
        UPDATE inventory SET lapsed_at_utc = %(then)s
        WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld AND expires_at_utc <= %(then)s
        RETURNING lead_id, classification, state, county
    )
    INSERT INTO inventory (id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc)
    SELECT gen_random_uuid(), due.lead_id, bucket.name, due.classification, due.state, due.county,
           lead.created_at_utc + interval '24 hours' * bucket.first_day,
           CASE WHEN bucket.next_day IS NULL THEN timestamptz '9999-12-31 00:00:00+00'
                ELSE lead.created_at_utc + interval '24 hours' * bucket.next_day END
    FROM due JOIN leads lead ON lead.id = due.lead_id
    JOIN (VALUES ('MONTH_3_TO_5', 90, 180), ('MONTH_6_TO_8', 180, 270), ('MONTH_9_TO_11', 270, 360),
                 ('MONTH_12_TO_23', 360, 720), ('MONTH_24_PLUS', 720, NULL))
             AS bucket (name, first_day, next_day)
        ON %(then)s - lead.created_at_utc >= interval '24 hours' * bucket.first_day
           AND (bucket.next_day IS NULL OR %(then)s - lead.created_at_utc < interval '24 hours' * bucket.next_day)
    ON CONFLICT (lead_id, age_bucket) DO NOTHING
    RETURNING 1
"""


def measure(as_of: datetime) -> Iterator[Figure]:
    from inventory.buyer import Buyer
    from inventory.counting.reading import availability
    from inventory.facts.criteria import Criteria
    from inventory.models import InventoryRecord
    from inventory.upkeep.roll import inventory_generate

    def nothing() -> None:
        assert inventory_generate(as_of=as_of, now=as_of).created == 0

    yield Figure("nothing due", median(nothing), median(sql(NOTHING)))
    then = InventoryRecord.objects.sellable(as_of).in_order_of_sale()[DUE - 1].expires_at_utc
    due = median(lambda: availability(criteria=Criteria(), buyer=Buyer(), as_of=then))
    yield Figure(f"counts of a page before {DUE:,} due are rolled", due)
    with undone():
        floor = once(sql(ROLL, then=then))
    _tidy()
    with undone():
        took = once(lambda: inventory_generate(as_of=then, now=then))
    _tidy()
    yield Figure(f"{DUE:,} leads that enter their next bucket", took, floor)


def _tidy() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (INDEX_CLEANUP ON) inventory")  # what was undone leaves dead entries in the indexes


if __name__ == "__main__":
    growth.main(measure, description=__doc__)
