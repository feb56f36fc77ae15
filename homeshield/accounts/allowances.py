"""How often somebody may call the API: a key its calls, an address its attempts without one; and how many passwords an
address may send.

An allowance is told by one instant, at which it is full again ("generic cell rate algorithm"): a call moves it by the
time in which one call is granted, and is refused where it would move it further than a burst away.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any, LiteralString
from uuid import UUID

from django.conf import settings
from django.db import connection

from homeshield.accounts.errors import RateLimited, TooManyAttempts, TooManyPasswords


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a minute; what is not used is saved up to `at_once`."""

    per_minute: int
    at_once: int

    @property
    def each(self) -> timedelta:
        """The time in which one call is granted."""
        return timedelta(minutes=1) / self.per_minute

    @property
    def reach(self) -> timedelta:
        """How far from full an allowance may be for one more call."""
        return self.each * (self.at_once - 1)


def call_spend(*, key_id: UUID, as_of: datetime) -> None:
    """Counts a call with a key at `as_of`. Raises RateLimited; calls that are refused use up nothing."""
    rate = Rate(settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE)
    if wait := _spend(_SPEND, f"key:{key_id}", rate, as_of):
        raise RateLimited(wait)


def attempt_spend(*, address: str | None, as_of: datetime) -> None:
    """Counts a call from an address without a key in force. Raises TooManyAttempts."""
    rate = Rate(settings.API_ATTEMPTS_PER_MINUTE, settings.API_ATTEMPTS_PER_MINUTE)
    if wait := _spend(_SWEEP + _SPEND, f"address:{network_of(address)}", rate, as_of):
        raise TooManyAttempts(wait)


def hash_spend(*, address: str, as_of: datetime) -> None:
    """Counts a password that an address wants to have hashed or compared. Raises TooManyPasswords."""
    rate = Rate(settings.PASSWORDS_PER_MINUTE, settings.PASSWORDS_PER_MINUTE)
    if wait := _spend(_SWEEP + _SPEND, f"password:{network_of(address)}", rate, as_of):
        raise TooManyPasswords(wait)


def network_of(address: str | None) -> str:
    """Who is likely to be one caller: an IPv4 address; of IPv6, where each household has 2^64 of them, the /64."""
    if address is None:
        return "unknown"
    parsed = ip_address(address)
    return str(ip_network((parsed, 64), strict=False) if isinstance(parsed, IPv6Address) else parsed)


_SPEND: LiteralString = """
    INSERT INTO api_allowances AS used (subject, full_at_utc) VALUES (%(subject)s, %(as_of)s + %(each)s)
    ON CONFLICT (subject) DO UPDATE SET full_at_utc = greatest(used.full_at_utc, %(as_of)s) + %(each)s
    WHERE used.full_at_utc <= %(as_of)s + %(reach)s
    RETURNING true
"""

# Anybody can make rows for addresses, so each attempt takes away more of them than it makes. A full one says nothing.
_SWEEP: LiteralString = """
    WITH full_again AS (
        DELETE FROM api_allowances
        WHERE subject IN (
            SELECT subject FROM api_allowances WHERE full_at_utc < %(as_of)s AND subject <> %(subject)s
            ORDER BY full_at_utc LIMIT 4 FOR UPDATE SKIP LOCKED
        )
    )
"""


def _spend(statement: LiteralString, subject: str, rate: Rate, as_of: datetime) -> int:
    """Zero, or the seconds to wait. One statement of its own, so that all workers share the allowance and no call waits
    for another's work."""
    with connection.cursor() as cursor:
        allowance: dict[str, Any] = {"subject": subject, "as_of": as_of, "each": rate.each, "reach": rate.reach}
        cursor.execute(statement, allowance)
        if cursor.fetchone():
            return 0
        cursor.execute("SELECT full_at_utc FROM api_allowances WHERE subject = %s", [subject])
        found = cursor.fetchone()
    return max(1, ceil((found[0] - rate.reach - as_of).total_seconds())) if found else 1
