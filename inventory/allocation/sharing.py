"""How a territory's leads are shared among its places, before anything is made good."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from homeshield.lib.replica import reading_connection
from inventory.allocation.matching import Matching
from inventory.buyer import Buyer
from inventory.exclusion.models import NOT_EXCLUDED
from inventory.facts.columns import OPEN_SQL
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.territory import Share

type Queue = Sequence[Criteria]
"""The parts of a territory as their leads leave their age band, one entry for each lead."""


def planned(demand: Demand, matching: Matching, queue: Queue) -> Mapping[Criteria, int]:
    """What each place should give, within the room that it has by itself. May be less than the demand."""
    assert demand.criteria.territory is not None
    room = {part: matching.room(part) for part in demand.criteria.parts}
    match demand.criteria.territory.share:
        case Share.EVENLY:
            return _evenly(demand.quantity, room)
        case Share.BY_STOCK:
            return _by_stock(demand.quantity, room)
        case Share.LAPSING_FIRST:
            return _in_turn(demand.quantity, room, queue)


def _evenly(quantity: int, room: Mapping[Criteria, int]) -> dict[Criteria, int]:
    """A place that has less than its share gives all it has, and the others the rest."""
    shares: dict[Criteria, int] = {}
    for place in sorted(room, key=lambda one: room[one]):
        shares[place] = min(room[place], quantity // (len(room) - len(shares)))
        quantity -= shares[place]
    return shares


def _by_stock(quantity: int, room: Mapping[Criteria, int]) -> dict[Criteria, int]:
    """In proportion, rounded by the largest remainders."""
    stock = sum(room.values())
    quantity = min(quantity, stock)
    shares = {place: there * quantity // stock if stock else 0 for place, there in room.items()}
    by_remainder = sorted(room, key=lambda place: -(room[place] * quantity % stock) if stock else 0)
    for place in by_remainder[: quantity - sum(shares.values())]:
        shares[place] += 1
    return shares


def _in_turn(quantity: int, room: Mapping[Criteria, int], queue: Queue) -> dict[Criteria, int]:
    shares: Counter[Criteria] = Counter()
    for place in queue:
        if quantity and shares[place] < room[place]:
            shares[place] += 1
            quantity -= 1
    return dict(shares)


_QUEUE = """
    SELECT part.number - 1
    FROM unnest(%(states)s::text[], %(counties)s::text[]) WITH ORDINALITY AS part (state, county, number),
         LATERAL ({of_counties} UNION ALL {of_states}) AS record
    ORDER BY record.expires_at_utc, record.id
"""

_OF_ONE_PART = f"""
    (SELECT expires_at_utc, id FROM inventory
     WHERE {OPEN_SQL} AND enters_at_utc <= %(as_of)s AND expires_at_utc > %(as_of)s
       AND classification = %(classification)s AND age_bucket = %(age_bucket)s
       AND {{place}} AND {NOT_EXCLUDED.format("%(client)s")}
     ORDER BY expires_at_utc, id LIMIT %(quantity)s)
"""  # noqa: S608 - the text is ours

QUEUE = _QUEUE.format(
    of_counties=_OF_ONE_PART.format(place="part.county IS NOT NULL AND state = part.state AND county = part.county"),
    of_states=_OF_ONE_PART.format(place="part.county IS NULL AND state = part.state"),
)
"""Each place by its own index, as far as the line could need: PostgreSQL skips the half that asks for nothing."""


def queue_of(demand: Demand, *, buyer: Buyer, as_of: datetime) -> Queue:
    """Empty where it does not matter.

    Other lines may take from the same places, so what the line is given in the end may be a little off: what the queue
    does not know is made good like everything else.
    """
    if demand.criteria.territory is None or demand.criteria.territory.share != Share.LAPSING_FIRST:
        return ()
    parts = [part for part in demand.criteria.parts if buyer.is_licensed_in(part.place.state or "")]
    with reading_connection().cursor() as cursor:
        cursor.execute(
            QUEUE,
            {
                "states": [part.place.state for part in parts],
                "counties": [part.place.county for part in parts],
                "classification": demand.criteria.classification,
                "age_bucket": demand.criteria.age_bucket,
                "quantity": demand.quantity,
                "client": buyer.client_id,
                "as_of": as_of,
            },
        )
        return [parts[number] for (number,) in cursor.fetchall()]
