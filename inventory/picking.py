"""The statement that picks and locks records for a line of an order.

Django makes it, by `select_for_update`, once for each form of it: made anew for each order, it took longer to make than
to answer (docs/performance.md). What differs from order to order are its parameters.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import override
from uuid import UUID

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression
from django.db.models.expressions import RawSQL
from django.db.models.sql.compiler import SQLCompiler

from inventory.buyer import Buyer
from inventory.criteria import Demand
from inventory.models import NOT_BOUGHT_BEFORE, InventoryRecord


def pick(
    demand: Demand, *, buyer: Buyer, as_of: datetime, taken: Sequence[UUID], wait: bool
) -> list[tuple[UUID, UUID]]:
    """(id, lead id) of up to `demand.quantity` records that the buyer can be sold at `as_of`, but none `taken`, in
    the order of sale, each locked until the transaction ends. Without `wait`, what others have locked is passed over.
    """
    asked = demand.criteria.as_filter()
    if "state" in asked and not buyer.is_licensed_in(asked["state"]):
        return []
    if len(buyer.licensed_states) == 1:  # there is an index in the order of sale for one state, and not for several
        asked.setdefault("state", *buyer.licensed_states)
    some_states = bool(buyer.licensed_states) and "state" not in asked
    statement = _statement(tuple(asked), demand.quantity, bool(taken), some_states, wait)
    terms = {"client": buyer.client_id, "licensed": sorted(buyer.licensed_states), "as_of": as_of, "taken": list(taken)}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**asked, **terms})
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


@lru_cache(maxsize=4_096)
def _statement(columns: tuple[str, ...], quantity: int, some_are_taken: bool, some_states: bool, wait: bool) -> str:
    """The statement for criteria that name these columns. Called within a transaction, as `select_for_update` wants."""
    records = InventoryRecord.objects.sellable(_Parameter("as_of", models.DateTimeField()))  # type: ignore[arg-type]
    records = records.filter(**{column: _Parameter(column, models.TextField()) for column in columns})
    records = records.filter(_condition(NOT_BOUGHT_BEFORE.format("%(client)s")))
    if some_are_taken:
        records = records.filter(_condition("inventory.id <> ALL (%(taken)s::uuid[])"))
    if some_states:
        records = records.filter(_condition("inventory.state = ANY (%(licensed)s::text[])"))
    records = records.in_order_of_sale().select_for_update(skip_locked=not wait, of=("self",), no_key=True)
    statement, rest = records.values_list("id", "lead_id")[:quantity].query.sql_with_params()
    assert not rest
    return str(statement)


def _condition(sql: str) -> RawSQL:
    return RawSQL(sql, (), output_field=models.BooleanField())


class _Parameter(Expression):
    """A value that is given when the statement runs, by its name."""

    def __init__(self, name: str, output_field: "models.Field[object, object]") -> None:
        super().__init__(output_field=output_field)
        self._name = name

    @override
    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[()]]:
        return f"%({self._name})s", ()
