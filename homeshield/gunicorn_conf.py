"""gunicorn's settings, behind the nginx of `manage.py serve`.

A thread serves one request until it ends, so 17 stalled visitors would stop the shop without nginx. Workers are
processes that share only the database. The command line overrides this file.
"""

import os

import psycopg
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.http import message  # type: ignore[import-untyped]

from homeshield.database_roles.start_check import web_role_check
from homeshield.front import REQUEST_LINE
from homeshield.front.start_check import bind_check, production_check
from homeshield.lib.environment import number
from homeshield.lib.server_ping import why_turned_away
from homeshield.settings import LOGGING, env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homeshield.settings")

workers = number(env, "WEB_CONCURRENCY", default=2, least=1)
threads = number(env, "WEB_THREADS", default=8, least=1)
worker_class = "gthread"
bind = "127.0.0.1:8000"  # never 0.0.0.0, gunicorn's default where PORT is set
# gunicorn caps the limit at 8190, and 0 means none.
message.MAX_REQUEST_LINE = limit_request_line = REQUEST_LINE
# nginx must refuse first: gunicorn answers in HTML.
limit_request_field_size = REQUEST_LINE
limit_request_fields = 1000
keepalive = 75  # a pause of seconds must not reset the connection
graceful_timeout = 120  # for requests from before a reload
control_socket_disable = True
logconfig_dict = LOGGING  # JSON, without what visitors sent

SPARE = 10
"""Connections left for commands, a replica and administrators."""

_CONNECTIONS = """
    SELECT sum(setting::int * CASE name WHEN 'max_connections' THEN 1 ELSE -1 END)::int FROM pg_settings
    WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""


def on_starting(server: Arbiter) -> None:
    """Errors here are printed in one line, and nothing starts."""
    bind_check(server.cfg.address)
    production_check()
    connections_check(workers=server.cfg.workers, threads=server.cfg.threads)
    web_role_check()


def connections_check(*, workers: int, threads: int) -> None:
    """Raises RuntimeError if the workers may need more connections than there are, or the server refuses the login.

    A server that does not answer is no error yet.
    """
    from django.conf import settings
    from django.db import connection

    pool: int = settings.DATABASE_POOL_SIZE
    if threads > pool:
        raise RuntimeError(
            f"{threads} threads share DATABASE_POOL_SIZE={pool} connections. Set it to {threads} or more, or use fewer "
            "threads."
        )
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return  # a pooler's limit is not visible here
    parameters = {"connect_timeout": 5} | connection.get_connection_params()
    try:
        with psycopg.connect(**parameters) as asked:
            row = asked.execute(_CONNECTIONS).fetchone()
    except psycopg.OperationalError as error:
        if settings.WEB_DATABASE is not None:
            return  # web_role_check, next, needs that login
        if reason := why_turned_away(error, parameters):
            raise RuntimeError(
                f"The database turns away the login that DATABASE_URL names. {reason} Correct it, and start again."
            ) from None
        return
    assert row is not None
    there, wanted = row[0], workers * pool
    if wanted + SPARE > there:
        raise RuntimeError(
            f"{workers} workers with DATABASE_POOL_SIZE={pool} may want {wanted} connections, and {SPARE} are kept for "
            f"commands, but the server gives {there}. Use fewer workers, a smaller pool ({threads} at least, one for "
            "each thread), raise max_connections, or put a pooler in between (docs/scaling.md)."
        )
