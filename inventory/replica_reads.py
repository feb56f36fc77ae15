"""Views that may read from a replica (homeshield/lib/replica.py).

A client that has just bought reads the primary, to see its purchase.
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
"""  # SQL, because inventory may not import orders


def replica_may_answer[**P, Result](
    view: Callable[Concatenate[Any, P], Result],
) -> Callable[Concatenate[Any, P], Result]:
    """Runs a view on the replica if that is current and the client has not just bought; if it fails, on the primary."""

    @wraps(view)
    def wrapped(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        account = getattr(request, "auth", None) or request.user
        client_id = getattr(account, "client_id", None)  # a stranger has none
        if freshness.is_current() and not (client_id and has_just_bought(client_id)):
            try:
                with reading_from_replica():
                    return view(request, *args, **kwargs)
            except Error as error:  # also if a table or column of a new migration is missing
                # SerializationFailure: a long statement needed rows that the primary has removed since.
                if not isinstance(error.__cause__, SerializationFailure):
                    freshness.failed(error)
        return view(request, *args, **kwargs)

    return wrapped


def has_just_bought(client_id: UUID) -> bool:
    """Whether a current replica may lack an order of the client."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_JUST_BOUGHT, [client_id, settings.REPLICA_MAX_LAG + LONGEST_ORDER])
        bought: bool = cursor.fetchone()[0]
    return bought
