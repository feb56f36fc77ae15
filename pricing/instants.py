"""How prices write instants."""

from datetime import UTC, datetime


def utc(instant: datetime) -> str:
    """`2026-03-14 15:09:26 UTC`"""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
