"""What a page of the list costs: the first, one in the middle and the last, under no filter, some, and all.

    uv run python -m tests.benchmarks.browse [--sizes 100000 1000000 10000000]

The floor is a statement by hand for the first page under all filters.
"""

from collections.abc import Iterator
from datetime import datetime

from tests.benchmarks import growth
from tests.benchmarks.growth import Figure, median, sql
from tests.benchmarks.market import largest_county

FLOOR = """
    SELECT record.id, record.expires_at_utc, lead.first_name, lead.city
    FROM inventory record JOIN leads lead ON lead.id = record.lead_id
    WHERE record.classification = 'Silver' AND record.age_bucket = 'MONTH_12_TO_23' AND record.state = %(state)s
      AND record.county = %(county)s
      AND record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL AND NOT record.withheld
      AND record.enters_at_utc <= now() AND record.expires_at_utc > now()
    ORDER BY record.expires_at_utc, record.id LIMIT 51
"""


def measure(as_of: datetime) -> Iterator[Figure]:
    from homeshield.lib.keyset import cursor_seal
    from inventory.buyer import Buyer
    from inventory.counting.reading import available_count
    from inventory.facts.criteria import Criteria
    from inventory.facts.place import Place
    from inventory.listing import list_of_records, records_page
    from inventory.models import InventoryRecord
    from leads.age import AgeBucket
    from leads.classification import Classification

    silver, year = Classification.SILVER, AgeBucket.MONTH_12_TO_23
    state, county = largest_county()
    filters = {
        "no filter": Criteria(),
        "a class": Criteria(classification=silver),
        "a bucket": Criteria(age_bucket=year),
        "a state": Criteria(place=Place("TX")),
        "a state and a class": Criteria(classification=silver, place=Place("TX")),
        "a county": Criteria(place=Place(state, county)),
        "class and bucket": Criteria(classification=silver, age_bucket=year),
        "all filters": Criteria(classification=silver, age_bucket=year, place=Place(state, county)),
    }
    floor = median(sql(FLOOR, state=state, county=county))

    def cursor(criteria: Criteria, record: InventoryRecord, *, back: bool = False) -> str:
        of = list_of_records(criteria=criteria, buyer=Buyer())
        return cursor_seal((record.expires_at_utc, record.id), of=of, backwards=back)

    def page(criteria: Criteria, at: str | None, buyer: Buyer) -> float:
        return median(lambda: records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=at))

    for name, criteria in filters.items():
        records = InventoryRecord.objects.sellable(as_of).filter(**criteria.as_filter()).in_order_of_sale()
        middle = records[available_count(criteria=criteria, buyer=Buyer(), as_of=as_of) // 2]
        last = records.reverse()[0]
        yield Figure(f"{name}: first page", page(criteria, None, Buyer()), floor)
        yield Figure(f"{name}: a middle page", page(criteria, cursor(criteria, middle), Buyer()), floor)
        yield Figure(f"{name}: the last page", page(criteria, cursor(criteria, last, back=True), Buyer()), floor)
    for states in (("DE", "LA", "TX"), ("AK", "DE", "HI", "ND", "RI", "SD", "VT", "WY")):
        licensed = Buyer(licensed_states=frozenset(states))
        yield Figure(f"licensed in {len(states)} states: first page", page(Criteria(), None, licensed), floor)


if __name__ == "__main__":
    growth.main(measure, description=__doc__)
