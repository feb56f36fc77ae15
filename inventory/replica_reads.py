"""Views and operations that look at the inventory, and may do so on a copy of the database (homeshield/lib/replica.py).

A buyer sees its own purchase at once: a client that has just bought is shown the database itself.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from uuid import UUID

from django.conf import settings
from django.db import Error, connection
from psycopg.errors import SerializationFailure

from homeshield.lib.replica import freshness, reading_from_replica
from inventory.allocation.waiting import LONGEST_ORDER

_HAS_JUST_BOUGHT = """
    SELECT EXISTS (SELECT FROM orders WHERE client_id = %s AND placed_at_utc > now() - interval '1 second' * %s)
"""  # by hand: orders lie a floor above


def replica_may_answer[**P, Result](
    view: Callable[Concatenate[Any, P], Result],
) -> Callable[Concatenate[Any, P], Result]:
    """A view or an operation of the API that only reads. It is answered from the copy where that is known to be current
    and the client has not just bought; where the copy fails in the middle, once more from the database itself."""

    @wraps(view)
    def wrapped(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        client_id = (getattr(request, "auth", None) or request.user).client_id
        if freshness.is_current() and not has_just_bought(client_id):
            try:
                with reading_from_replica():
                    return view(request, *args, **kwargs)
            except Error as error:  # also a table or a column that a migration has made a moment ago
                # A copy breaks off a statement that has needed for too long what the database has removed since.
                if not isinstance(error.__cause__, SerializationFailure):
                    freshness.failed(error)
        return view(request, *args, **kwargs)

    return wrapped


def has_just_bought(client_id: UUID) -> bool:
    """Whether the copy may still lack an order of the client's, although it is as current as it must be."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_JUST_BOUGHT, [client_id, settings.REPLICA_MAX_LAG + LONGEST_ORDER])
        bought: bool = cursor.fetchone()[0]
    return bought
