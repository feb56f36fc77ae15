from django.db.backends.utils import CursorWrapper


def analyze_first_rows(cursor: CursorWrapper, table: str) -> None:
    """Analyzes a table that the planner believes empty. Call it after inserting the first rows.

    Autovacuum during a long load would record zero rows. Then triggers plan badly and each look-up reads a whole index:
    a load of half a minute did not end. ANALYZE in the load's transaction sees its rows, and its lock keeps autovacuum
    away until commit.
    """
    cursor.execute("SELECT reltuples > 0 FROM pg_class WHERE oid = %s::regclass", [table])
    if not cursor.fetchone()[0]:
        cursor.execute(f"ANALYZE {table}")
