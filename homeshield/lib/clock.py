"""The database's clock: what decides where several machines must agree on one instant."""

from datetime import datetime

from django.db import connection


def transaction_instant() -> datetime:
    """The instant (UTC) at which the current transaction began; the same however long the transaction lasts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        instant: datetime = cursor.fetchone()[0]
    return instant
