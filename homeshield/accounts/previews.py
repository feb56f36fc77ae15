"""A client's daily limit of previews: enough to look around, not to copy the stock.

Repeats count again: telling them apart would mean a read and a write per row.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Any, LiteralString
from uuid import UUID

from django.conf import settings
from django.db import connection

from homeshield.accounts.errors import PreviewsUsed


@dataclass(frozen=True, slots=True)
class Previews:
    """How many leads a page may show, and how many are left today."""

    granted: int
    left: int


# One statement in autocommit: the second worker waits for the row and sees what the first left. A page from before
# midnight that arrives later counts for the new day.
_SPEND: LiteralString = """
    INSERT INTO preview_allowances AS spent (client_id, day, shown, granted)
    VALUES (%(client)s, %(day)s, least(%(wanted)s, %(most)s), least(%(wanted)s, %(most)s))
    ON CONFLICT (client_id) DO UPDATE SET
        day = greatest(spent.day, excluded.day),
        shown = CASE WHEN spent.day < excluded.day THEN excluded.shown
                     ELSE greatest(spent.shown, least(spent.shown + %(wanted)s, %(most)s)) END,
        granted = CASE WHEN spent.day < excluded.day THEN excluded.granted
                       ELSE greatest(0, least(%(wanted)s, %(most)s - spent.shown)) END
    RETURNING granted, shown
"""


def previews_spend(*, client_id: UUID, wanted: int, as_of: datetime) -> Previews:
    """Counts up to `wanted` (at least 1) leads on the UTC day of `as_of`. Raises PreviewsUsed."""
    day, most = as_of.astimezone(UTC).date(), settings.PREVIEWS_PER_DAY
    spend: dict[str, Any] = {"client": client_id, "day": day, "wanted": wanted, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, spend)
        granted, shown = cursor.fetchone()
    if not granted:
        again = datetime.combine(day + timedelta(days=1), time(tzinfo=UTC))
        raise PreviewsUsed(most=most, again_at=again, retry_after=ceil((again - as_of).total_seconds()))
    return Previews(granted, max(0, most - shown))
