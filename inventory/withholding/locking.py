"""The lock of persons: whoever changes what must not be sold takes it, one at a time (docs/architecture.md)."""

from django.db import connection


def persons_lock() -> None:
    """Waits for, and holds until the end of the transaction, the right to change persons, withholding or lists.

    So does whoever creates records of leads that are there already: a record and a withholding must see each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inventory'), hashtext('persons'))")
