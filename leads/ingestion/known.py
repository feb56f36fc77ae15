"""Which rows of a batch are leads already."""

from django.db.backends.utils import CursorWrapper


def known_keys(cursor: CursorWrapper, keys: str, table: str) -> set[str]:
    """Which of these natural keys, an array of PostgreSQL's, are there: in the leads, and in the table of this load."""
    seen: set[str] = set()
    for place in {"leads", table}:
        # One index look-up per key: for a plain `= ANY` of so many the planner would read the whole table each time.
        cursor.execute(
            f"""
            SELECT known.natural_key FROM unnest(%s::uuid[]) AS given (natural_key)
            CROSS JOIN LATERAL (
                SELECT natural_key FROM {place} WHERE natural_key = given.natural_key OFFSET 0
            ) AS known
            """,  # noqa: S608 - one of two names of our own
            [keys],
        )
        seen.update(key.hex for (key,) in cursor.fetchall())
    return seen
