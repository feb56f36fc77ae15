"""One attempt at an order is one transaction: all of it, or nothing.

Records are locked first and everything is written at the end, in one statement, so that locks are held for as short
as possible. The order's unique key makes a repeat of the same request that runs at the same time wait at that statement
for the first one, and then collide with it. Every refusal rolls all of it back.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg import errors as pg

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import RECORDING, audit_parameters
from homeshield.lib.ids import new_id
from homeshield.lib.patience import Patience
from inventory.services import Filled, Shortfall
from sales.baskets import Basket
from sales.errors import Busy, InProgress, PricesChanged
from sales.models import Order, OrderLine
from sales.terms import Terms, order_terms

ATTEMPTS = 3
"""How often an order is tried when the database breaks a deadlock or finds a conflict: each is rare and passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Who buys what, under which key. `as_of` is the instant of the order; None: the database's transaction time."""

    client_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    key: str
    basket: Basket
    expected_total: Decimal | None
    as_of: datetime | None


class Short(Exception):
    """The attempt found too little, and all of it is rolled back; `terms` hold the instant and the buyer of which that
    is true."""

    def __init__(self, shortfall: Shortfall, terms: Terms) -> None:
        super().__init__(shortfall, terms)
        self.shortfall = shortfall
        self.terms = terms


class KeyTaken(Exception):
    """Another order has the client's key already."""


class QuoteTaken(Exception):
    """Another order has used the quote already."""


def attempt(purchase: Purchase, *, wait: Patience | None) -> Order:
    """The order, committed. Tried again, up to ATTEMPTS times, where the database had to break a deadlock or the
    client's own other order came first to a lead that was just changing its bucket.

    With `wait` it waits for what other orders hold. Raises Short, KeyTaken, QuoteTaken, Busy, InProgress,
    ClientMayNotBuy, PricesChanged, and what the basket raises.
    """
    for remaining in reversed(range(ATTEMPTS)):
        try:
            return _transaction(purchase, wait=wait)
        except (OperationalError, IntegrityError) as error:
            match error.__cause__:
                case pg.LockNotAvailable():
                    # What else an order waits for is itself: its draft, its key or its quote, in the hands of an
                    # earlier request.
                    raise InProgress from error
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "order_once_per_client_and_key":
                    raise KeyTaken from error
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "order_once_per_quote":
                    raise QuoteTaken from error
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "sale_once_per_client_and_lead":
                    pass
                case pg.DeadlockDetected() | pg.SerializationFailure():
                    pass
                case _:
                    raise
            if not remaining:
                raise Busy from error
    raise AssertionError("the loop returns or raises")


def _transaction(purchase: Purchase, *, wait: Patience | None) -> Order:
    with transaction.atomic(durable=True):
        terms = order_terms(client_id=purchase.client_id, as_of=purchase.as_of)
        as_of = terms.as_of
        lines = purchase.basket.open(client_id=purchase.client_id, terms=terms)
        total = sum((line.amount for line in lines), Decimal("0.00"))
        if purchase.expected_total is not None and total != purchase.expected_total:
            raise PricesChanged(expected=purchase.expected_total, actual=total)
        filled = _fill(purchase, terms, wait)
        order = Order(
            client_id=purchase.client_id,
            placed_by_id=purchase.user_id,
            api_key_id=purchase.api_key_id,
            placed_at_utc=as_of,
            quantity=sum(line.quantity for line in lines),
            total=total,
            quote_id=purchase.basket.quote_id,
            idempotency_key=purchase.key,
            request_digest=purchase.basket.digest(),
        )
        _write(order, lines, filled)
        return order


def _fill(purchase: Purchase, terms: Terms, wait: Patience | None) -> list[Filled]:
    try:
        filled = purchase.basket.fill(terms=terms, wait=wait)
    except Shortfall as shortfall:
        raise Short(shortfall, terms) from None
    except OperationalError as error:
        if isinstance(error.__cause__, (pg.LockNotAvailable, pg.QueryCanceled)):
            raise Busy from error
        raise
    if wait:
        wait.lift()
    return filled


_WRITE = """
    WITH placed AS (
        INSERT INTO orders (id, client_id, placed_by_id, api_key_id, placed_at_utc, quantity, total, currency, quote_id,
                            idempotency_key, request_digest)
        VALUES (%(order)s, %(client)s, %(user)s, %(api_key)s, %(as_of)s, %(quantity)s, %(total)s, %(currency)s,
                %(quote)s, %(key)s, %(digest)s)
    ), line AS (
        SELECT * FROM jsonb_to_recordset(%(lines)s::jsonb)
                          AS line (id uuid, number smallint, classification text, age_bucket text, state text,
                                   county text, quantity smallint, unit_price numeric, replaced smallint)
    ), written AS (
        INSERT INTO order_lines (id, order_id, number, classification, age_bucket, state, county, quantity, unit_price,
                                 amount, replaced)
        SELECT id, %(order)s, number, classification, age_bucket, state, county, quantity, unit_price,
               unit_price * quantity, replaced
        FROM line
    ), marked AS (
        UPDATE inventory SET sold_at_utc = %(as_of)s WHERE id = ANY (%(inventory_ids)s::uuid[])
    )
    INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket, purchase_price,
                       currency, sold_at_utc)
    SELECT picked.id, %(order)s, line.number, picked.inventory_id, picked.lead_id, %(client)s, line.age_bucket,
           line.unit_price, %(currency)s, %(as_of)s
    FROM unnest(%(ids)s::uuid[], %(inventory_ids)s::uuid[], %(lead_ids)s::uuid[], %(line_numbers)s::smallint[])
             AS picked (id, inventory_id, lead_id, number)
    JOIN line ON line.number = picked.number
"""
"""The order, its lines, the marks on the records and the sales. One statement: four of Django's own cost twice as much
for one lead, and for a thousand more than all the rest (docs/performance.md). Without RETURNING: the policies of
row-level security would have to show what it returns, and show a line by its order, which is written only now."""


def _write(order: Order, lines: Sequence[OrderLine], filled: Sequence[Filled]) -> None:
    sold = [(line.number, record) for line, got in zip(lines, filled, strict=True) for record in got.records]
    parameters = {
        "order": order.id,
        "client": order.client_id,
        "user": order.placed_by_id,
        "api_key": order.api_key_id,
        "as_of": order.placed_at_utc,
        "quantity": order.quantity,
        "total": order.total,
        "currency": order.currency,
        "quote": order.quote_id,
        "key": order.idempotency_key,
        "digest": order.request_digest,
        "lines": json.dumps([_line(line, got) for line, got in zip(lines, filled, strict=True)]),
        "ids": [new_id() for _ in sold],
        "inventory_ids": [record.inventory_id for _, record in sold],
        "lead_ids": [record.lead_id for _, record in sold],
        "line_numbers": [number for number, _ in sold],
    }
    event = audit_parameters(
        action=AuditAction.PURCHASE,
        obj=order,
        client_id=order.client_id,
        details={"leads": order.quantity, "lines": len(lines), "total": order.total, "currency": order.currency},
        as_of=order.placed_at_utc,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{_WRITE}; {RECORDING}", parameters | event)


def _line(line: OrderLine, got: Filled) -> dict[str, str | int | None]:
    return {
        "id": str(line.id),
        "number": line.number,
        "classification": line.classification,
        "age_bucket": line.age_bucket,
        "state": line.state,
        "county": line.county,
        "quantity": line.quantity,
        "unit_price": str(line.unit_price),
        "replaced": got.replaced,
    }
