"""Quotes that expired and that no order used. One that an order refers to stays with it."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from homeshield.lib.ids import first_id_at
from homeshield.lib.retention import Kept

BATCH = 1_000

_UNUSED = """
    FROM quotes WHERE id < %(first)s AND expires_at_utc < %(before)s
      AND NOT EXISTS (SELECT FROM orders WHERE orders.quote_id = quotes.id)
"""

_REMOVE = f"""
    WITH gone AS (SELECT id {_UNUSED} ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED),
    items AS (DELETE FROM quote_items WHERE quote_id IN (SELECT id FROM gone))
    DELETE FROM quotes WHERE id IN (SELECT id FROM gone)
"""  # noqa: S608 - the text is ours


def quotes_count(before: datetime) -> int:
    """How many unused quotes expired before an instant."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_UNUSED}", _parameters(before))
        (count,) = cursor.fetchone()
        return int(count)


def quotes_remove(before: datetime) -> int:
    """Removes them with their items, in batches. Returns how many quotes."""
    removed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_REMOVE, _parameters(before))
            number: int = cursor.rowcount
            removed += number
            if number < BATCH:
                return removed


def _parameters(before: datetime) -> dict[str, datetime | UUID]:
    """Keys are in the order of time, so the primary key finds the old ones."""
    return {"before": before, "first": first_id_at(before)}


KEPT = (Kept(what="Expired quotes without an order", days=30, count=quotes_count, remove=quotes_remove),)
