"""How many leads a client is shown before purchase: so many a day, all its users and programs together.

Enough for people to look around, and short of copying the stock. Every lead on every page counts, also one that was
shown before: to tell them apart, each page would have to look up and write as many rows as it shows.
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
    """How many leads a page may show, and how many more the client has today."""

    granted: int
    left: int


# One statement of its own, so that all workers share the allowance: whoever comes second waits for the row, and sees
# what the first has left. A page that was asked for before midnight and comes after it counts for the new day.
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
    """Counts `wanted` leads (1 or more) as shown to the client on the day of `as_of`, as far as its allowance goes.

    Raises PreviewsUsed where nothing is left; that uses up nothing.
    """
    day, most = as_of.astimezone(UTC).date(), settings.PREVIEWS_PER_DAY
    spend: dict[str, Any] = {"client": client_id, "day": day, "wanted": wanted, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, spend)
        granted, shown = cursor.fetchone()
    if not granted:
        again = datetime.combine(day + timedelta(days=1), time(tzinfo=UTC))
        raise PreviewsUsed(most=most, again_at=again, retry_after=ceil((again - as_of).total_seconds()))
    return Previews(granted, max(0, most - shown))
