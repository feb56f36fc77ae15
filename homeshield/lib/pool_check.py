"""Makes the connection pool survive a restart of the database.

psycopg's pool tests one connection at a time, with a doubling pause after each failure. With ten dead connections a
request ran into its timeout of ten seconds. So the first failure makes the pool replace all dead connections.
"""

from typing import Any

import psycopg
from psycopg_pool import ConnectionPool


def check_connection(connection: psycopg.Connection[Any]) -> None:
    """Raises psycopg's error if the connection is dead."""
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        pool = connection._pool
        if isinstance(pool, ConnectionPool):
            pool.check()
        raise
