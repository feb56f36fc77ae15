"""Makes the connection pool survive a restart of the database.

psycopg's pool tests a connection as it hands it out, and where that fails tries the next one after a pause that
doubles. After a restart all idle connections are dead, and with ten of them a request used up its ten seconds before it
came to a live one (tried). So the first failure makes the pool test and replace all of them.
"""

from typing import Any

import psycopg
from psycopg_pool import ConnectionPool


def check_connection(connection: psycopg.Connection[Any]) -> None:
    """The pool's check: raises what psycopg raises where the connection is dead, and has all others tested."""
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        pool = connection._pool
        if isinstance(pool, ConnectionPool):
            pool.check()
        raise
