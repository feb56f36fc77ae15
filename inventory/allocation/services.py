"""The only row locks on inventory.

An order first takes what it can without waiting (SKIP LOCKED). One that waits also takes an advisory lock on each cell,
so that orders cannot deadlock (docs/architecture.md).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import repeat
from time import monotonic
from types import MappingProxyType
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from inventory.allocation.territories import Territories
from inventory.allocation.waiting import Patience
from inventory.buyer import Buyer
from inventory.errors import InventoryNotFound, Shortage
from inventory.exclusion import starts as pick_starts
from inventory.exclusion.starts import Starts
from inventory.facts.criteria import Criteria, Demand, allocation_order
from inventory.facts.place import Place
from inventory.models import InventoryRecord, none_of, open_to, sellable
from leads.age import AgeBucket
from leads.classification import Classification


@dataclass(frozen=True, slots=True)
class Allocated:
    inventory_id: UUID
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class Filled:
    """A demand, or what one place of its territory gives. `line` is the demand's index.

    `replaced` records stand in for named ones.
    """

    line: int
    demand: Demand
    records: list[Allocated]
    replaced: int = 0


def named_demands(ids: Sequence[UUID]) -> list[Demand]:
    """One demand for all that may replace one another (contract, "Purchase"). Raises InventoryNotFound."""
    rows = InventoryRecord.objects.filter(id__in=ids).values_list(
        "id", "classification", "age_bucket", "state", "county"
    )
    criteria = {
        key: Criteria(
            classification=Classification(classification),
            age_bucket=AgeBucket(bucket),
            place=Place(state, county),
        )
        for key, classification, bucket, state, county in rows
    }
    if missing := [key for key in ids if key not in criteria]:
        raise InventoryNotFound(inventory_ids=missing)
    alike = defaultdict(list)
    for key in ids:
        alike[criteria[key]].append(key)
    return [Demand(criteria=shared, quantity=len(named), named=tuple(named)) for shared, named in alike.items()]


def inventory_allocate(
    *,
    demands: Sequence[Demand],
    buyer: Buyer,
    as_of: datetime,
    wait: Patience | None,
    starts: Starts = MappingProxyType({}),
) -> list[Filled]:
    """Locks records for the demands, in their order. An order that does not wait begins each at the buyer's start.

    Raises Shortage if no assignment exists; the caller must roll back. Without `wait`, a record that another order
    locks counts as missing. With it, raises django.db.OperationalError when patience is over.
    """
    if wait:
        _take_turns(demands, wait)
    picking = _Picking(buyer, as_of, wait, starts)
    crosswise = any(demand.criteria.territory for demand in demands)
    try:
        filled = _fill_territories(demands, picking) if crosswise else _fill(demands, picking)
    except Shortage:
        if wait:
            wait.lift()  # the caller may count alternatives in this transaction
        raise
    if wait:
        wait.lift()
    return filled


@dataclass(frozen=True, slots=True)
class _Picking:
    buyer: Buyer
    as_of: datetime
    wait: Patience | None
    starts: Starts


@dataclass(frozen=True, slots=True)
class _Picked:
    """`beside` is how many records lines before it have taken in the place of the line."""

    line: int
    records: list[Allocated]
    replaced: int
    beside: int


def _fill(demands: Sequence[Demand], picking: _Picking) -> list[Filled]:
    filled = {}
    for got in _in_turn(demands, picking):
        demand = demands[got.line]
        if (available := len(got.records)) < demand.quantity:
            raise Shortage(
                demands=demands, index=got.line, available=available, buyer=picking.buyer, as_of=picking.as_of
            )
        filled[got.line] = Filled(got.line, demand, got.records, got.replaced)
    return [filled[index] for index in range(len(demands))]


ROUNDS = 5
"""Of an order that does not wait: then it waits."""


def _fill_territories(demands: Sequence[Demand], picking: _Picking) -> list[Filled]:
    """A place that has become short is made good from the others of its territory, until nothing is missing.

    Each round knows of fewer records than the one before. Records of an earlier round stay locked. An order that waits
    ends with its patience.
    """
    territories = Territories(demands, buyer=picking.buyer, as_of=picking.as_of)
    for _ in repeat(None) if picking.wait else range(ROUNDS):
        lines = territories.split()
        picked = {got.line: got for got in _in_turn([line for _, line in lines], picking)}
        short = [number for number, (_, line) in enumerate(lines) if len(picked[number].records) < line.quantity]
        if not short:
            return [
                Filled(index, line, picked[number].records, picked[number].replaced)
                for number, (index, line) in enumerate(lines)
            ]
        for number in short:
            got = picked[number]
            territories.learn(lines[number][1].criteria, got.beside + len(got.records))
    raise territories.shortage(lines[short[0]][0], len(picked[short[0]].records))


def _in_turn(demands: Sequence[Demand], picking: _Picking) -> Iterator[_Picked]:
    """Picks for one demand after the other. They may overlap, and our own locks do not stop us."""
    taken: defaultdict[Criteria, list[UUID]] = defaultdict(list)
    *_, last = order = allocation_order(demands)
    for index in order:
        demand = demands[index]
        beside = taken[demand.criteria]
        records, replaced = _pick(demand, beside, picking)
        yield _Picked(index, records, replaced, len(beside))
        for around in demand.criteria.widened() if index != last else ():  # in vain for an order of one line
            taken[around] += [record.inventory_id for record in records]


_IN_ORDER_OF_SALE = InventoryRecord.objects.in_order_of_sale().values_list("id", "lead_id")


def _pick(demand: Demand, taken: list[UUID], picking: _Picking) -> tuple[list[Allocated], int]:
    """Locks what there is, and says how many of it stand in for named records."""
    buyer, as_of, wait = picking.buyer, picking.as_of, picking.wait
    records: list[Allocated] = []
    if demand.named:
        named = _IN_ORDER_OF_SALE.filter(sellable(as_of), *open_to(buyer), id__in=demand.named)
        records = _lock(named, demand.quantity, wait)
        if len(records) < demand.quantity and not wait and named.count() > len(records):
            return records, 0  # another order holds one: wait for it, do not replace it
    gone = len(demand.named) - len(records)
    start = None if wait else picking.starts.get(demand.criteria)
    for_sale = [sellable(as_of, start), *open_to(buyer, state=demand.criteria.place.state)]
    others = _IN_ORDER_OF_SALE.filter(*for_sale, **demand.criteria.as_filter())
    if out := [*demand.named, *taken]:
        others = others.filter(none_of(out))
    began = monotonic()
    records += _lock(others, demand.quantity - len(records), wait)
    if not wait and buyer.client_id and monotonic() - began > pick_starts.SLOW:
        look = partial(pick_starts.start_find, client_id=buyer.client_id, criteria=demand.criteria, as_of=as_of)
        transaction.on_commit(look, robust=True)
    return records, gone


def _lock(
    records: QuerySet[InventoryRecord, tuple[UUID, UUID]], quantity: int, wait: Patience | None
) -> list[Allocated]:
    """`no_key`, so that a quote's reference to a record and the order do not block each other."""
    if not quantity:
        return []
    if wait:
        wait.limit_next_statement()
    locked = records.select_for_update(skip_locked=not wait, no_key=True)
    return [Allocated(*row) for row in locked[:quantity]]


def _take_turns(demands: Sequence[Demand], wait: Patience) -> None:
    """Locks the order's cells, sorted against deadlocks."""
    cells = sorted({f"{demand.criteria.classification} {demand.criteria.age_bucket}" for demand in demands})
    with connection.cursor() as cursor:
        for cell in cells:
            wait.limit_next_statement()
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inventory'), hashtext(%s))", [cell])
