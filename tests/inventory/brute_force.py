"""What the counts must say, counted record by record in Python."""

from collections import Counter
from datetime import datetime

from inventory.buyer import Buyer
from inventory.counting.reading import Availability, Facet, Stock
from inventory.facts.criteria import Criteria
from inventory.facts.place import UNKNOWN, Place
from inventory.models import Exclusion, InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification


def counted_one_by_one(criteria: Criteria, buyer: Buyer, as_of: datetime) -> Availability:
    pairs = dict(Exclusion.objects.filter(client=buyer.client_id).values_list("lead_id", "owned"))
    there = [
        record
        for record in InventoryRecord.objects.all()
        if record.sold_at_utc is None
        and record.lapsed_at_utc is None
        and not record.withheld
        and record.enters_at_utc <= as_of < record.expires_at_utc
        and buyer.is_licensed_in(record.state)
    ]
    free = [record for record in there if record.lead_id not in pairs]
    owned = [record for record in there if pairs.get(record.lead_id) is True]
    listed = [record for record in there if pairs.get(record.lead_id) is False]
    state, county = criteria.place.state, criteria.place.county

    def fits(record: InventoryRecord, *, place: bool = True, cell: bool = True) -> bool:
        in_place = state in (None, record.state) and county in (None, record.county)
        in_cell = criteria.classification in (None, record.classification) and criteria.age_bucket in (
            None,
            record.age_bucket,
        )
        return (in_place or not place) and (in_cell or not cell)

    cells = Counter(
        (Classification(one.classification), AgeBucket(one.age_bucket)) for one in free if fits(one, cell=False)
    )
    in_cell = [record for record in free if fits(record, place=False)]

    def by_place(place: Place) -> Stock:
        where = [
            [one for one in some if fits(one, place=False) and place.contains(Place(one.state, one.county))]
            for some in (free, owned, listed)
        ]
        return Stock(*map(len, where))

    places = {Place(one.state) for one in there} | {Place(state, one.county) for one in there if one.state == state}
    counties = Counter(one.county for one in in_cell if state == one.state and one.county != UNKNOWN)
    return Availability(
        total=sum(map(fits, free)),
        owned=sum(map(fits, owned)),
        suppressed=sum(map(fits, listed)),
        states=[Facet(*each) for each in sorted(Counter(one.state for one in in_cell).items())],
        counties=[Facet(*each) for each in sorted(counties.items())],
        cells={(row, bucket): cells[row, bucket] for row in Classification for bucket in AgeBucket},
        by_place={place: stock for place in places if (stock := by_place(place)) != Stock()},
    )
