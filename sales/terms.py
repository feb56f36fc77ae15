"""What an order is subject to: its instant, the client's standing and the prices, read by one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from psycopg import errors as pg

from homeshield.accounts.errors import ClientMayNotBuy
from homeshield.accounts.permissions import STATUS_MAY, Act
from inventory.buyer import Buyer
from pricing.selectors import IN_FORCE, Prices, prices_of
from sales.errors import Busy

LOCK_TIMEOUT = "3s"
"""How long an order waits for one lock before the buyer is told to try again."""

PATIENCE = 5.0
"""How long, in seconds, an order waits for all its records together."""

_MAY_BUY = [status.value for status, acts in STATUS_MAY.items() if Act.BUY in acts]

# The client's row is locked until the order is through: a change of the client's status waits for orders that it would
# have come too late for, and no order that begins after it is placed.
_TERMS = f"""
    WITH patience AS MATERIALIZED (
        SELECT set_config('lock_timeout', %(lock_timeout)s, true) AS waits
    ), client AS MATERIALIZED (
        SELECT status, licensed_states FROM clients
        WHERE id = %(client)s AND (SELECT waits FROM patience) IS NOT NULL
        FOR SHARE
    )
    SELECT terms.as_of, client.status = ANY (%(may_buy)s), client.licensed_states,
           rule.classification, rule.age_bucket, rule.amount
    FROM (SELECT coalesce(%(as_of)s::timestamptz, now()) AS as_of) AS terms
    LEFT JOIN client ON true
    LEFT JOIN pricing rule ON {IN_FORCE.format("terms.as_of")}
"""  # noqa: S608 - all of it is ours


@dataclass(frozen=True, slots=True)
class Terms:
    """`as_of` is the one instant (UTC) of everything in the order; `prices` are in USD; `buyer` is the client as it
    stands in the order's own transaction."""

    as_of: datetime
    prices: Prices
    buyer: Buyer


def order_terms(*, client_id: UUID, as_of: datetime | None) -> Terms:
    """The terms of an order placed at `as_of`, or where that is None at the database's transaction time; from here on
    the current transaction waits LOCK_TIMEOUT for a lock at most. Raises ClientMayNotBuy,
    and Busy where the client is being changed for longer than that."""
    try:
        rows = _terms(client_id, as_of)
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):  # the client is being changed
            raise Busy from error
        raise
    instant, may_buy, licensed_states, *_ = rows[0]
    if not may_buy:
        raise ClientMayNotBuy
    prices = prices_of(row[3:] for row in rows if row[3] is not None)
    return Terms(instant, prices, Buyer(client_id, frozenset(licensed_states)))


def _terms(client_id: UUID, as_of: datetime | None) -> list[tuple[Any, ...]]:
    parameters = {"as_of": as_of, "client": client_id, "may_buy": _MAY_BUY, "lock_timeout": LOCK_TIMEOUT}
    with connection.cursor() as cursor:
        cursor.execute(_TERMS, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
