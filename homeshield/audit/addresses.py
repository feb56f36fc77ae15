"""Network addresses of events: kept for a while, then only their keyed digest, which the chain covers all along."""

import hmac
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings
from django.db import connection, transaction

BATCH = 5_000

_FORGET = """
    UPDATE audit_events SET address = NULL
    WHERE id IN (
        SELECT id FROM audit_events
        WHERE occurred_at_utc < %(before)s AND address IS NOT NULL AND address_digest IS NOT NULL
        ORDER BY occurred_at_utc LIMIT %(batch)s
    )
"""


def address_digest(address: str | None) -> str | None:
    """The address under CONTACT_KEY, in hexadecimal: nobody without the key can try all addresses."""
    return _digest(settings.CONTACT_KEY, address) if address else None


@lru_cache(maxsize=1024)
def _digest(key: str, address: str) -> str:
    return hmac.digest(key.encode(), f"audit address {ip_address(address)}".encode(), "sha256").hex()


def old_addresses(*, before: datetime) -> int:
    """How many events from before an instant still have their address."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_events WHERE occurred_at_utc < %s AND address IS NOT NULL "
            "AND address_digest IS NOT NULL",
            [before],
        )
        (count,) = cursor.fetchone()
        return int(count)


def addresses_forget(*, before: datetime) -> int:
    """Removes the addresses of events from before an instant, in batches. The chain holds. Returns how many.

    The database refuses it for events of the last 90 days.
    """
    forgotten: int = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FORGET, {"before": before, "batch": BATCH})
            number: int = cursor.rowcount
            forgotten += number
            if number < BATCH:
                return forgotten
