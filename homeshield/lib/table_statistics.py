"""What PostgreSQL's planner knows of a table while its first rows come in."""

from django.db.backends.utils import CursorWrapper


def analyze_first_rows(cursor: CursorWrapper, table: str) -> None:
    """Has a table analysed that is empty as far as the planner knows; call it after rows were put into it.

    Autovacuum analyses a table in the middle of a long load, does not see the rows, and says that there are none.
    Then any index seems as good as another, triggers plan anew, and each of their look-ups reads a whole index: a load
    that took half a minute did not end. ANALYZE within the load's own transaction sees its rows, and its lock keeps
    autovacuum away until the load is over. A table that has rows needs neither.
    """
    cursor.execute("SELECT reltuples > 0 FROM pg_class WHERE oid = %s::regclass", [table])
    if not cursor.fetchone()[0]:
        cursor.execute(f"ANALYZE {table}")
