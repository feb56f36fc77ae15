"""Writes to inventory, and the only row locks on it.

Locks are taken line by line in one fixed order (narrowest place first, then by name) and within a line in the order
of sale. An order takes what it can without waiting (SKIP LOCKED) or, asked to wait, holds the cells it buys from by
an advisory lock as well: orders that wait never wait for one another in a circle (docs/architecture.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from inventory.criteria import Criteria, Demand
from inventory.models import InventoryRecord


@dataclass(frozen=True, slots=True)
class Allocated:
    """A record that the current transaction has marked as sold."""

    inventory_id: UUID
    lead_id: UUID


class Shortfall(Exception):
    """A demand found fewer records than it asks for: `available`, after what narrower demands took."""

    def __init__(self, index: int, available: int) -> None:
        super().__init__(index, available)
        self.index = index
        self.available = available


def inventory_allocate(
    *, demands: Sequence[Demand], client_id: UUID, as_of: datetime, wait: bool
) -> list[list[Allocated]]:
    """Marks records as sold at `as_of` until every demand is filled, and returns them demand by demand.

    Fills the narrowest places first: since a county lies within its state and a state within everywhere, this finds
    an assignment of records to demands wherever one exists (contract, "Purchase"). Must run in a transaction, which
    the caller rolls back when Shortfall is raised. Without `wait`, records that another order holds count as missing;
    with it, the order waits for them (django.db.OperationalError after `lock_timeout`).
    """
    filled: dict[int, list[Allocated]] = {}
    if wait:
        _lock_cells(demands)
    for index in sorted(range(len(demands)), key=lambda i: _lock_order(demands[i].criteria)):
        wanted = demands[index]
        picked = (
            InventoryRecord.objects.sellable(as_of)
            .matching(wanted.criteria)
            .not_owned_by(client_id)
            .in_order_of_sale()
            .select_for_update(skip_locked=not wait, of=("self",))
            .values_list("id", "lead_id")
        )
        records = [Allocated(*row) for row in picked[: wanted.quantity]]
        if len(records) < wanted.quantity:
            raise Shortfall(index, len(records))
        _mark_sold([record.inventory_id for record in records], as_of)
        filled[index] = records
    return [filled[index] for index in range(len(demands))]


def _lock_order(criteria: Criteria) -> tuple[int, str]:
    """Narrowest place first, then any fixed order."""
    return (len(list(criteria.places_around())) * -1, str(criteria))


def _lock_cells(demands: Sequence[Demand]) -> None:
    """Orders that wait take turns for each (classification, bucket), always in the same order."""
    cells = sorted({f"{wanted.criteria.classification} {wanted.criteria.age_bucket}" for wanted in demands})
    with connection.cursor() as cursor:
        for cell in cells:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inventory'), hashtext(%s))", [cell])


def _mark_sold(ids: list[UUID], as_of: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory SET sold_at_utc = %s WHERE id = ANY(%s)", [as_of, ids])
