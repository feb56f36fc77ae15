"""What exact counts cost: a page's, an order's, and those for a client that owns 60,000 leads.

    uv run python -m tests.benchmarks.counts [--sizes 100000 1000000 10000000]

The floor reads the summary by state by hand. For comparison, the records of one state are counted as well.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from uuid import UUID

from tests.benchmarks import growth
from tests.benchmarks.growth import Figure, execute, median, once, sql, undone
from tests.benchmarks.purchase import FLOOR as ORDER

OWNED = 60_000
CHANGES = 10_000

FLOOR = """
    SELECT state, classification, age_bucket, sum(records) FROM inventory_counts WHERE owner IS NULL AND county IS NULL
    GROUP BY state, classification, age_bucket
"""
ONE_BY_ONE = """
    SELECT classification, age_bucket, count(*) FROM inventory
    WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld AND expires_at_utc > now() AND state = 'TX'
    GROUP BY classification, age_bucket
"""
MAKE_CHANGES = """
    INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)
    SELECT NULL, state, county, classification, age_bucket, 0 FROM inventory_counts, generate_series(1, 10)
    WHERE county IS NOT NULL
    LIMIT %(count)s
"""


def measure(as_of: datetime) -> Iterator[Figure]:
    from inventory.buyer import Buyer
    from inventory.counting.compaction import counts_compact, counts_compare
    from inventory.counting.reading import availability, available_counts, locations
    from inventory.facts.criteria import Criteria
    from inventory.facts.place import Place
    from leads.age import AgeBucket
    from leads.classification import Classification
    from tests.benchmarks.market import a_buyer, own

    user = a_buyer(as_of)
    assert user.client_id is not None
    gold = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    travis = Criteria(classification=gold.classification, age_bucket=gold.age_bucket, place=Place("TX", "Travis"))
    lines = [
        Criteria(classification=row, age_bucket=bucket, place=Place(state))
        for row, bucket, state in product(Classification, AgeBucket, ("TX", "LA", "CA", "NY", None))
    ]
    floor = median(sql(FLOOR))

    def counted(criteria: Criteria, buyer: Buyer) -> float:
        return median(lambda: availability(criteria=criteria, buyer=buyer, as_of=as_of))

    yield Figure("its counts, no filter", counted(Criteria(), Buyer()), floor)
    yield Figure("its counts, Texas", counted(Criteria(place=Place("TX")), Buyer()), floor)
    yield Figure("its counts, all filters", counted(travis, Buyer()), floor)
    yield Figure(
        f"the counts of {len(lines)} lines",
        median(lambda: available_counts(criteria=lines, buyer=Buyer(), as_of=as_of)),
        floor,
    )
    yield Figure("all places", median(lambda: locations(buyer=Buyer(), as_of=as_of)))
    yield Figure("(counting the records of Texas)", median(sql(ONE_BY_ONE), repeats=3))
    with undone():
        sql(MAKE_CHANGES + "RETURNING 1", count=CHANGES)()
        yield Figure(f"beside {CHANGES:,} changes: counts, no filter", counted(Criteria(), Buyer()), floor)
        yield Figure(f"compacting {CHANGES:,} changes", once(counts_compact))
    with undone():
        own(user.client_id, OWNED)
        buyer = Buyer(user.client_id)
        yield Figure(f"a client owns {OWNED:,} of them: counts, no filter", counted(Criteria(), buyer), floor)
        yield Figure("the same: counts, Texas", counted(Criteria(place=Place("TX")), buyer), floor)
    yield Figure("verifying all counts", once(counts_compare))
    for quantity, repeats in ((1, 100), (1000, 8)):
        yield _upkeep(user.client_id, quantity, repeats)


def _upkeep(client_id: UUID, quantity: int, repeats: int) -> Figure:
    """The order that is written by hand, with the triggers that keep the counts, and without. One after the other: to
    disable a trigger is to forget all plans."""
    triggers = sql(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger "
        "WHERE tgname ~ '^pgtrigger_(inventory_counts_|sale_makes_pairs|exclusion_counts_)'"
    )()

    def order() -> None:
        with undone():
            execute(ORDER, client=client_id, n=quantity)

    with undone():
        kept = median(order, repeats=repeats)
        for table, trigger in triggers:
            execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        without = median(order, repeats=repeats)
    return Figure(f"an order of {quantity:,} (floor: without upkeep of counts)", kept, without)


if __name__ == "__main__":
    growth.main(measure, description=__doc__)
