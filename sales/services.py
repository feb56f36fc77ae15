"""Placing an order: all of it, or nothing (contract, "Purchase").

One attempt is one transaction: the order's row comes first, because its unique key makes a repeat of the same
request wait for the first one and then find it; then the records are locked and marked; then the sales. Every
refusal rolls all of it back.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg import errors as pg

from homeshield.accounts.models import Client, ClientStatus, User
from homeshield.lib.clock import transaction_instant
from homeshield.lib.ids import new_id
from homeshield.lib.money import CURRENCY
from inventory.alternatives import alternatives
from inventory.criteria import Demand
from inventory.services import Allocated, Shortfall, inventory_allocate
from pricing.errors import NoPrice
from pricing.selectors import Prices, prices_in_force
from sales.drafts import draft_take
from sales.errors import (
    Busy,
    ClientMayNotBuy,
    DraftNotFound,
    EmptyOrder,
    IdempotencyKeyReused,
    InsufficientInventory,
    PricedAlternative,
    PricesChanged,
)
from sales.models import Order, OrderLine

LOCK_TIMEOUT = "3s"
"""How long an order waits for one lock before the buyer is told to try again."""

ATTEMPTS = 3
"""How often an order is tried when the database breaks a deadlock or finds a conflict: each is rare and passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """Who asks for what. `demands` is called within the transaction, so that a draft can be claimed with it."""

    client_id: UUID
    user_id: UUID | None
    key: str
    demands: Callable[[], Sequence[Demand]]
    expected_total: Decimal | None
    clock: Callable[[], datetime]


def order_place(
    *,
    client_id: UUID,
    user_id: UUID | None,
    demands: Sequence[Demand],
    key: str,
    expected_total: Decimal | None = None,
    clock: Callable[[], datetime] = transaction_instant,
) -> Order:
    """Buys all of the demands, or nothing, at the prices in force at one instant: the database's transaction time.

    The same client, key and demands return the first order and sell nothing more. `expected_total` in USD is what
    the buyer has seen; another total is refused.

    Raises EmptyOrder, ClientMayNotBuy, NoPrice, PricesChanged, InsufficientInventory (with alternatives), Busy, and
    IdempotencyKeyReused where the key came with other demands before.
    """
    return _place(
        _Request(
            client_id=client_id,
            user_id=user_id,
            key=key,
            demands=lambda: demands,
            expected_total=expected_total,
            clock=clock,
        )
    )


def order_place_draft(
    *,
    user: User,
    draft_id: UUID,
    version: int,
    expected_total: Decimal,
    clock: Callable[[], datetime] = transaction_instant,
) -> Order:
    """Buys a user's draft as the page showed it. The draft's id is the key: a repeat returns the first order.

    Raises what `order_place` raises, and DraftChanged or DraftNotFound.
    """
    if user.client_id is None:
        raise ClientMayNotBuy
    key = f"draft:{draft_id}"
    if placed := _placed(user.client_id, key):
        return placed
    try:
        return _place(
            _Request(
                client_id=user.client_id,
                user_id=user.id,
                key=key,
                demands=partial(draft_take, user=user, draft_id=draft_id, version=version),
                expected_total=expected_total,
                clock=clock,
            )
        )
    except DraftNotFound:
        # A double click: while this request waited for the draft, the other one bought it.
        if placed := _placed(user.client_id, key):
            return placed
        raise


def _place(request: _Request) -> Order:
    """Without waiting first; when that leaves a line short, once more, waiting for what other orders hold."""
    try:
        return _with_retries(request, wait=False)
    except _Short:
        pass
    try:
        return _with_retries(request, wait=True)
    except _Short as short:
        raise _insufficient(short, request.client_id) from None


def _with_retries(request: _Request, *, wait: bool) -> Order:
    """An attempt, repeated where the database had to break a deadlock or found that a rival came first."""
    for remaining in reversed(range(ATTEMPTS)):
        try:
            return _attempt(request, wait=wait)
        except (OperationalError, IntegrityError) as error:
            match error.__cause__:
                case pg.LockNotAvailable():
                    raise Busy from error
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "order_once_per_client_and_key":
                    return _repeated(request)
                case pg.UniqueViolation(diag=diag) if diag.constraint_name == "sale_once_per_client_and_lead":
                    pass  # the client's other order bought the lead in the bucket it was just leaving
                case pg.DeadlockDetected() | pg.SerializationFailure():
                    pass
                case _:
                    raise
            if not remaining:
                raise Busy from error
    raise AssertionError("the loop returns or raises")


def _attempt(request: _Request, *, wait: bool) -> Order:
    """One transaction. Raises _Short, and everything that `order_place` documents."""
    with transaction.atomic(durable=True):
        _limit_waiting()
        as_of = request.clock()
        _require_active(request.client_id)
        demands = request.demands()
        lines = _priced(demands, prices_in_force(as_of))
        order = _open_order(request, lines, as_of)
        with _rolled_back_when_short(demands, as_of):
            allocated = inventory_allocate(demands=demands, client_id=request.client_id, as_of=as_of, wait=wait)
        _record_sales(order, lines, allocated)
        return order


class _Short(Exception):
    """An attempt found too little; carries what the refusal will need once the transaction is gone."""

    def __init__(self, demands: Sequence[Demand], shortfall: Shortfall, as_of: datetime) -> None:
        super().__init__()
        self.demands = demands
        self.shortfall = shortfall
        self.as_of = as_of


@contextmanager
def _rolled_back_when_short(demands: Sequence[Demand], as_of: datetime) -> Iterator[None]:
    try:
        yield
    except Shortfall as shortfall:
        raise _Short(demands, shortfall, as_of) from None


def _limit_waiting() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])


def _require_active(client_id: UUID) -> None:
    if not Client.objects.filter(id=client_id, status=ClientStatus.ACTIVE).exists():
        raise ClientMayNotBuy


def _priced(demands: Sequence[Demand], prices: Prices) -> list[OrderLine]:
    """The order's lines, in the buyer's order and at the prices in force. Raises NoPrice, EmptyOrder."""
    if not demands:
        raise EmptyOrder
    return [_priced_line(number, demand, prices) for number, demand in enumerate(demands, 1)]


def _priced_line(number: int, demand: Demand, prices: Prices) -> OrderLine:
    criteria = demand.criteria
    assert criteria.classification is not None
    assert criteria.age_bucket is not None
    unit_price = prices.get((criteria.classification, criteria.age_bucket))
    if unit_price is None:
        raise NoPrice(criteria.classification, criteria.age_bucket)
    return OrderLine(
        number=number,
        classification=criteria.classification,
        age_bucket=criteria.age_bucket,
        state=criteria.state,
        county=criteria.county,
        quantity=demand.quantity,
        unit_price=unit_price,
        amount=unit_price * demand.quantity,
    )


def _open_order(request: _Request, lines: Sequence[OrderLine], as_of: datetime) -> Order:
    """Writes the order with its lines. Waits for, and then collides with, an order of the same key."""
    total = sum((line.amount for line in lines), Decimal("0.00"))
    if request.expected_total is not None and total != request.expected_total:
        raise PricesChanged(expected=request.expected_total, actual=total)
    order = Order.objects.create(
        client_id=request.client_id,
        placed_by_id=request.user_id,
        placed_at_utc=as_of,
        quantity=sum(line.quantity for line in lines),
        total=total,
        idempotency_key=request.key,
        request_digest=_digest([line.demand for line in lines]),
    )
    for line in lines:
        line.order = order
    OrderLine.objects.bulk_create(lines)
    return order


def _digest(demands: Sequence[Demand]) -> str:
    """A fingerprint of what was asked for, to tell a repeated request from another one."""
    asked = [[str(demand.criteria), demand.quantity] for demand in demands]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _record_sales(order: Order, lines: Sequence[OrderLine], allocated: Sequence[Sequence[Allocated]]) -> None:
    """One sale for each record, in one statement: a thousand of Django's own would cost more than the rest."""
    sold = [(line, record) for line, records in zip(lines, allocated, strict=True) for record in records]
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


def _placed(client_id: UUID, key: str) -> Order | None:
    return Order.objects.filter(client_id=client_id, idempotency_key=key).first()


def _repeated(request: _Request) -> Order:
    """The order that the same key brought about before, if it was for the same demands."""
    order = Order.objects.get(client_id=request.client_id, idempotency_key=request.key)
    if order.request_digest != _digest(request.demands()):
        raise IdempotencyKeyReused
    return order


def _insufficient(short: _Short, client_id: UUID) -> InsufficientInventory:
    """The refusal, with alternatives counted and priced at the instant of the attempt."""
    index = short.shortfall.index
    line = short.demands[index]
    prices = prices_in_force(short.as_of)
    offers = alternatives(
        short=line,
        beside=[other for position, other in enumerate(short.demands) if position != index],
        client_id=client_id,
        as_of=short.as_of,
    )
    return InsufficientInventory(
        line_index=index,
        criteria=line.criteria,
        requested=line.quantity,
        available=short.shortfall.available,
        alternatives=[
            PricedAlternative(alternative=offer, unit_price=price, amount=price * offer.quantity)
            for offer in offers
            if (price := prices.get((offer.criteria.classification, offer.criteria.age_bucket))) is not None  # type: ignore[arg-type]
        ],
    )
