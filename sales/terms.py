"""What an order is subject to: its instant, the client's standing and the prices, read by one statement."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from homeshield.accounts.models import ClientStatus
from inventory.buyer import Buyer
from pricing.selectors import IN_FORCE, Prices, prices_of
from sales.errors import ClientMayNotBuy

LOCK_TIMEOUT = "3s"
"""How long an order waits for one lock before the buyer is told to try again."""

PATIENCE = 5.0
"""How long, in seconds, an order waits for all its records together."""

_TERMS = f"""
    SELECT terms.as_of, terms.may_buy, rule.classification, rule.age_bucket, rule.amount
    FROM (
        SELECT coalesce(%(as_of)s::timestamptz, now()) AS as_of,
               EXISTS (SELECT FROM clients WHERE id = %(client)s AND status = %(active)s) AS may_buy,
               set_config('lock_timeout', %(lock_timeout)s, true)
    ) AS terms
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
    the current transaction waits LOCK_TIMEOUT for a lock at most. Raises ClientMayNotBuy."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TERMS,
            {"as_of": as_of, "client": client_id, "active": ClientStatus.ACTIVE.value, "lock_timeout": LOCK_TIMEOUT},
        )
        rows = cursor.fetchall()
    instant, may_buy, *_ = rows[0]
    if not may_buy:
        raise ClientMayNotBuy
    prices = prices_of(row[2:] for row in rows if row[2] is not None)
    return Terms(instant, prices, Buyer(client_id))
