"""Rate limits for API keys, and per address for attempts without a valid key and for passwords.

An allowance is stored as the instant it is full again ("generic cell rate algorithm"). A call moves that instant on;
beyond a full burst it is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any, LiteralString
from uuid import UUID

from django.conf import settings
from django.db import connection

from homeshield.accounts.errors import TooManyPasswords


@dataclass(frozen=True, slots=True)
class Rate:
    """Unused calls add up to `at_once`."""

    per_minute: int
    at_once: int

    @property
    def each(self) -> timedelta:
        """The time that earns one call."""
        return max(timedelta(minutes=1) / self.per_minute, timedelta.resolution)

    @property
    def reach(self) -> timedelta:
        """How far from full still allows a call."""
        return self.each * (self.at_once - 1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left: `remaining` of `limit` calls, full again in `reset` seconds.

    `wait` is the seconds until the next call, 0 if this one was allowed.
    """

    limit: int
    remaining: int
    reset: int
    wait: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


def call_spend(*, key_id: UUID, as_of: datetime) -> Allowance:
    """Counts a call. Refused calls use up nothing."""
    rate = Rate(settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE)
    return _spend(_SPEND, f"key:{key_id}", rate, as_of)


def attempt_spend(*, address: str | None, as_of: datetime) -> Allowance:
    """Counts a call without a valid key."""
    rate = Rate(settings.API_ATTEMPTS_PER_MINUTE, settings.API_ATTEMPTS_PER_MINUTE)
    return _spend(_SWEEP + _SPEND, f"address:{network_of(address)}", rate, as_of)


def hash_spend(*, address: str, as_of: datetime) -> None:
    """Counts a password. Raises TooManyPasswords."""
    rate = Rate(settings.PASSWORDS_PER_MINUTE, settings.PASSWORDS_PER_MINUTE)
    if wait := _spend(_SWEEP + _SPEND, f"password:{network_of(address)}", rate, as_of).wait:
        raise TooManyPasswords(retry_after=wait)


def network_of(address: str | None) -> str:
    """Returns the IPv4 address, or the IPv6 /64 of a household."""
    if address is None:
        return "unknown"
    parsed = ip_address(address)
    return str(ip_network((parsed, 64), strict=False) if isinstance(parsed, IPv6Address) else parsed)


_SPEND: LiteralString = """
    INSERT INTO api_allowances AS used (subject, full_at_utc) VALUES (%(subject)s, %(as_of)s + %(each)s)
    ON CONFLICT (subject) DO UPDATE SET full_at_utc = greatest(used.full_at_utc, %(as_of)s) + %(each)s
    WHERE used.full_at_utc <= %(as_of)s + %(reach)s
    RETURNING full_at_utc
"""

# Anyone can create rows, so each attempt deletes up to four full ones.
_SWEEP: LiteralString = """
    WITH full_again AS (
        DELETE FROM api_allowances
        WHERE subject IN (
            SELECT subject FROM api_allowances WHERE full_at_utc < %(as_of)s AND subject <> %(subject)s
            ORDER BY full_at_utc LIMIT 4 FOR UPDATE SKIP LOCKED
        )
    )
"""


def _spend(statement: LiteralString, subject: str, rate: Rate, as_of: datetime) -> Allowance:
    """One statement in autocommit: all workers share the allowance, and no call waits for another's transaction."""
    with connection.cursor() as cursor:
        allowance: dict[str, Any] = {"subject": subject, "as_of": as_of, "each": rate.each, "reach": rate.reach}
        cursor.execute(statement, allowance)
        if granted := cursor.fetchone():
            return _allowance(rate, granted[0] - as_of)
        cursor.execute("SELECT full_at_utc FROM api_allowances WHERE subject = %s", [subject])
        found = cursor.fetchone()
    until_full = found[0] - as_of if found else rate.reach
    return _allowance(rate, until_full, wait=max(1, ceil((until_full - rate.reach).total_seconds())))


def _allowance(rate: Rate, until_full: timedelta, wait: int = 0) -> Allowance:
    remaining = 0 if wait else max(0, (rate.reach - until_full) // rate.each + 1)
    return Allowance(rate.at_once, remaining, max(0, ceil(until_full.total_seconds())), wait)
