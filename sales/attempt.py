"""One attempt at an order is one transaction: all of it, or nothing.

The order's row comes first, because its unique key makes a repeat of the same request wait for the first one and then
collide with it; then the records are locked and marked; then lines and sales. Every refusal rolls all of it back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg import errors as pg

from homeshield.accounts.models import Client, ClientStatus
from homeshield.lib.ids import new_id
from homeshield.lib.money import CURRENCY
from inventory.services import Filled, Shortfall
from sales.baskets import Basket
from sales.errors import Busy, ClientMayNotBuy, PricesChanged
from sales.models import Order, OrderLine

LOCK_TIMEOUT = "3s"
"""How long an order waits for one lock before the buyer is told to try again."""

ATTEMPTS = 3
"""How often an order is tried when the database breaks a deadlock or finds a conflict: each is rare and passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Who buys what, under which key. `clock` gives the instant of the order, and is asked within the transaction."""

    client_id: UUID
    user_id: UUID | None
    key: str
    basket: Basket
    expected_total: Decimal | None
    clock: Callable[[], datetime]


class Short(Exception):
    """The attempt found too little, and all of it is rolled back; `as_of` is the instant for which that is true."""

    def __init__(self, shortfall: Shortfall, as_of: datetime) -> None:
        super().__init__(shortfall, as_of)
        self.shortfall = shortfall
        self.as_of = as_of


class KeyTaken(Exception):
    """Another order has the client's key already."""


def attempt(purchase: Purchase, *, wait: bool) -> Order:
    """The order, committed. Tried again, up to ATTEMPTS times, where the database had to break a deadlock or the
    client's own other order came first to a lead that was just changing its bucket.

    Raises Short, KeyTaken, Busy, ClientMayNotBuy, PricesChanged, and what the basket raises.
    """
    for remaining in reversed(range(ATTEMPTS)):
        try:
            return _transaction(purchase, wait=wait)
        except (OperationalError, IntegrityError) as error:
            match error.__cause__:
                case pg.LockNotAvailable():
                    raise Busy from error
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "order_once_per_client_and_key":
                    raise KeyTaken from error
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "sale_once_per_client_and_lead":
                    pass
                case pg.DeadlockDetected() | pg.SerializationFailure():
                    pass
                case _:
                    raise
            if not remaining:
                raise Busy from error
    raise AssertionError("the loop returns or raises")


def _transaction(purchase: Purchase, *, wait: bool) -> Order:
    with transaction.atomic(durable=True):
        _limit_waiting()
        as_of = purchase.clock()
        _require_active(purchase.client_id)
        lines = purchase.basket.open(client_id=purchase.client_id, as_of=as_of)
        order = _open_order(purchase, lines, as_of)
        try:
            filled = purchase.basket.fill(client_id=purchase.client_id, as_of=as_of, wait=wait)
        except Shortfall as shortfall:
            raise Short(shortfall, as_of) from None
        _record(order, lines, filled)
        return order


def _limit_waiting() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])


def _require_active(client_id: UUID) -> None:
    if not Client.objects.filter(id=client_id, status=ClientStatus.ACTIVE).exists():
        raise ClientMayNotBuy


def _open_order(purchase: Purchase, lines: Sequence[OrderLine], as_of: datetime) -> Order:
    """Writes the order's row. Waits for, and then collides with, an order of the same key."""
    total = sum((line.amount for line in lines), Decimal("0.00"))
    if purchase.expected_total is not None and total != purchase.expected_total:
        raise PricesChanged(expected=purchase.expected_total, actual=total)
    return Order.objects.create(
        client_id=purchase.client_id,
        placed_by_id=purchase.user_id,
        placed_at_utc=as_of,
        quantity=sum(line.quantity for line in lines),
        total=total,
        idempotency_key=purchase.key,
        request_digest=purchase.basket.digest(),
    )


def _record(order: Order, lines: Sequence[OrderLine], filled: Sequence[Filled]) -> None:
    """Writes the lines, and one sale for each record in one statement: a thousand inserts of Django's own would cost
    more than all the rest."""
    for line, got in zip(lines, filled, strict=True):
        line.order = order
        line.replaced = got.replaced
    OrderLine.objects.bulk_create(lines)
    sold = [(line, record) for line, got in zip(lines, filled, strict=True) for record in got.records]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket,
                               purchase_price, currency, sold_at_utc)
            SELECT picked.id, %(order)s, line.number, picked.inventory_id, picked.lead_id, %(client)s,
                   line.age_bucket, line.unit_price, %(currency)s, %(sold_at)s
            FROM unnest(%(ids)s::uuid[], %(inventory_ids)s::uuid[], %(lead_ids)s::uuid[], %(numbers)s::smallint[])
                     AS picked (id, inventory_id, lead_id, number)
            JOIN order_lines line ON line.order_id = %(order)s AND line.number = picked.number
            """,
            {
                "order": order.id,
                "client": order.client_id,
                "currency": CURRENCY,
                "sold_at": order.placed_at_utc,
                "ids": [new_id() for _ in sold],
                "inventory_ids": [record.inventory_id for _, record in sold],
                "lead_ids": [record.lead_id for _, record in sold],
                "numbers": [line.number for line, _ in sold],
            },
        )
