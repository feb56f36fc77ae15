"""The only row locks on inventory.

An order first takes what it can without waiting (SKIP LOCKED). One that waits also takes an advisory lock on each cell,
so that orders cannot deadlock (docs/architecture.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from types import MappingProxyType
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from inventory.allocation.waiting import Patience
from inventory.buyer import Buyer
from inventory.errors import InventoryNotFound, Shortage
from inventory.exclusion import starts as pick_starts
from inventory.exclusion.starts import Start, Starts
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
    """`replaced` records stand in for named ones."""

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
    filled: dict[int, Filled] = {}
    for index in allocation_order(demands):
        demand = demands[index]
        taken = [  # demands may overlap, and our own locks do not stop us
            record.inventory_id
            for other, got in filled.items()
            if demand.criteria.contains(demands[other].criteria)
            for record in got.records
        ]
        start = None if wait else starts.get(demand.criteria)
        filled[index] = got = _fill(demand, buyer, as_of, taken, wait, start)
        if (available := len(got.records)) < demand.quantity:
            if wait:
                wait.lift()  # the caller may count alternatives in this transaction
            raise Shortage(demands=demands, index=index, available=available, buyer=buyer, as_of=as_of)
    if wait:
        wait.lift()
    return [filled[index] for index in range(len(demands))]


_IN_ORDER_OF_SALE = InventoryRecord.objects.in_order_of_sale().values_list("id", "lead_id")


def _fill(
    demand: Demand, buyer: Buyer, as_of: datetime, taken: list[UUID], wait: Patience | None, start: Start | None
) -> Filled:
    records: list[Allocated] = []
    if demand.named:
        named = _IN_ORDER_OF_SALE.filter(sellable(as_of), *open_to(buyer), id__in=demand.named)
        records = _lock(named, demand.quantity, wait)
        if len(records) < demand.quantity and not wait and named.count() > len(records):
            return Filled(records)  # another order holds one: wait for it, do not replace it
    gone = len(demand.named) - len(records)
    for_sale = [sellable(as_of, start), *open_to(buyer, state=demand.criteria.place.state)]
    others = _IN_ORDER_OF_SALE.filter(*for_sale, **demand.criteria.as_filter())
    if out := [*demand.named, *taken]:
        others = others.filter(none_of(out))
    began = monotonic()
    records += _lock(others, demand.quantity - len(records), wait)
    if not wait and buyer.client_id and monotonic() - began > pick_starts.SLOW:
        look = partial(pick_starts.start_find, client_id=buyer.client_id, criteria=demand.criteria, as_of=as_of)
        transaction.on_commit(look, robust=True)
    return Filled(records, replaced=gone)


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
