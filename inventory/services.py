"""Writes to inventory, and the only row locks on it.

Locks are taken line by line in one fixed order (narrowest place first, then by name) and within a line in the order
of sale. An order takes what it can without waiting (SKIP LOCKED) or, asked to wait, holds the cells it buys from by
an advisory lock as well: orders that wait never wait for one another in a circle (docs/architecture.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from homeshield.lib.patience import Patience
from inventory.buyer import Buyer
from inventory.criteria import Criteria, Demand, allocation_order
from inventory.errors import InventoryNotFound
from inventory.models import InventoryQuerySet, InventoryRecord
from inventory.picking import pick
from inventory.place import UNKNOWN, Place
from leads.age import AgeBucket
from leads.classification import Classification


@dataclass(frozen=True, slots=True)
class Allocated:
    """A record that the current transaction holds for an order."""

    inventory_id: UUID
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class Filled:
    """The records that one line of an order got; `replaced` of them stand in for named ones that were gone."""

    records: list[Allocated]
    replaced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGroup:
    """Records asked for by id that are alike in all that a replacement must share (contract, "Purchase")."""

    criteria: Criteria
    ids: frozenset[UUID]

    @property
    def demand(self) -> Demand:
        return Demand(criteria=self.criteria, quantity=len(self.ids))

    def peers(self) -> InventoryQuerySet:
        """The records that may take the place of a named one: alike, and not named themselves."""
        return InventoryRecord.objects.matching(self.criteria).exclude(id__in=self.ids)


class Shortfall(Exception):
    """A demand found fewer records than it asks for: `available`, after what narrower demands took."""

    def __init__(self, index: int, available: int) -> None:
        super().__init__(index, available)
        self.index = index
        self.available = available


def inventory_allocate(
    *, demands: Sequence[Demand], buyer: Buyer, as_of: datetime, wait: Patience | None
) -> list[Filled]:
    """Locks records that are sellable at `as_of` until every demand is filled, and returns them demand by demand.

    Finds an assignment of records to demands wherever one exists (`allocation_order`). Must run in a transaction, which
    the caller rolls back when Shortfall is raised. Without `wait`, records that another order holds count as missing;
    with it, the order waits for them (django.db.OperationalError when the patience is over).
    """
    filled: dict[int, Filled] = {}
    if wait:
        _lock_cells([demand.criteria for demand in demands], wait)
    for index in allocation_order(demands):
        wanted = demands[index]
        taken = [  # this order's own lines may overlap, and its locks do not keep itself out
            record.inventory_id
            for other, got in filled.items()
            if wanted.criteria.contains(demands[other].criteria)
            for record in got.records
        ]
        if wait:
            wait.limit_next_statement()
        rows = pick(wanted, buyer=buyer, as_of=as_of, taken=taken, wait=wait is not None)
        filled[index] = _enough(index, [Allocated(*row) for row in rows], wanted.quantity)
    return [filled[index] for index in range(len(demands))]


def named_groups(ids: Sequence[UUID]) -> list[NamedGroup]:
    """The records of these ids, grouped by what a replacement must share. Raises InventoryNotFound."""
    facts = {
        row[0]: row[1:]
        for row in InventoryRecord.objects.filter(id__in=ids).values_list(
            "id", "classification", "age_bucket", "state", "county"
        )
    }
    if missing := [key for key in ids if key not in facts]:
        raise InventoryNotFound(inventory_ids=missing)
    members = defaultdict(set)
    for key in ids:
        members[facts[key]].add(key)
    return [
        NamedGroup(
            criteria=Criteria(
                classification=Classification(classification),
                age_bucket=AgeBucket(bucket),
                place=Place(state, county or UNKNOWN),
            ),
            ids=frozenset(keys),
        )
        for (classification, bucket, state, county), keys in members.items()
    ]


def inventory_allocate_named(
    *, groups: Sequence[NamedGroup], buyer: Buyer, as_of: datetime, wait: Patience | None
) -> list[Filled]:
    """Locks the named records, and in the place of each that was sold, has lapsed or may not be sold to the buyer, one
    that is alike (there is none in a state where the buyer is not licensed). A record that is merely held by another
    order is not replaced: without `wait` it is a shortfall. Otherwise as `inventory_allocate`."""
    filled: dict[int, Filled] = {}
    if wait:
        _lock_cells([group.criteria for group in groups], wait)
    for index in allocation_order([group.demand for group in groups]):
        group = groups[index]
        sellable = InventoryRecord.objects.sellable(as_of).open_to(buyer)
        named = sellable.filter(id__in=group.ids)
        records = _lock(named, len(group.ids), wait)
        gone = len(group.ids) - len(records)
        if gone and not wait and named.count() > len(records):
            raise Shortfall(index, len(records))
        if gone:
            records += _lock(sellable & group.peers(), gone, wait)
        filled[index] = _enough(index, records, len(group.ids), replaced=gone)
    return [filled[index] for index in range(len(groups))]


def _lock(records: InventoryQuerySet, quantity: int, wait: Patience | None) -> list[Allocated]:
    """Up to so many of the records in the order of sale, each locked as it is read. Without the key, which nobody
    changes: a quote that refers to a record need not wait, nor an order for it."""
    if wait:
        wait.limit_next_statement()
    locked = records.in_order_of_sale().select_for_update(skip_locked=wait is None, of=("self",), no_key=True)
    return [Allocated(*row) for row in locked.values_list("id", "lead_id")[:quantity]]


def _enough(index: int, records: list[Allocated], quantity: int, replaced: int = 0) -> Filled:
    if len(records) < quantity:
        raise Shortfall(index, len(records))
    return Filled(records, replaced)


def _lock_cells(criteria: Sequence[Criteria], wait: Patience) -> None:
    """Orders that wait take turns for each (classification, bucket), always in the same order."""
    cells = sorted({f"{asked.classification} {asked.age_bucket}" for asked in criteria})
    with connection.cursor() as cursor:
        for cell in cells:
            wait.limit_next_statement()
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inventory'), hashtext(%s))", [cell])
