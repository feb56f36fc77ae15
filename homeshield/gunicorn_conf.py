"""How gunicorn serves the shop, behind the nginx that `manage.py serve` puts in front of it.

Several workers listen on one socket; each is a process with its own pool of connections, and they share nothing but
the database. Options on gunicorn's command line win over what stands here. A thread is held by each request that has
begun and not ended, so gunicorn must not meet visitors itself: 17 that stall would stop the shop.
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
bind = "127.0.0.1:8000"  # never 0.0.0.0, which is gunicorn's own where PORT is set
# gunicorn's constant would cap the limit at 8190, and 0 is none at all.
message.MAX_REQUEST_LINE = limit_request_line = REQUEST_LINE
# nginx is the first to refuse long headers, in our own words: gunicorn's are HTML, also for programs.
limit_request_field_size = REQUEST_LINE
limit_request_fields = 1000
keepalive = 75  # nobody who pauses for some seconds finds the connection reset
graceful_timeout = 120  # for what was begun before a reload: the new workers serve meanwhile
control_socket_disable = True
logconfig_dict = LOGGING  # its own lines as well are JSON, and without what visitors sent

SPARE = 10
"""Connections that the workers leave to commands, a replica and whoever looks after the database."""

_CONNECTIONS = """
    SELECT sum(setting::int * CASE name WHEN 'max_connections' THEN 1 ELSE -1 END)::int FROM pg_settings
    WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""


def on_starting(server: Arbiter) -> None:
    """Before the first worker starts. What is raised here is told in one line, and nothing starts."""
    bind_check(server.cfg.address)
    production_check()
    connections_check(workers=server.cfg.workers, threads=server.cfg.threads)
    web_role_check()


def connections_check(*, workers: int, threads: int) -> None:
    """Raises RuntimeError where so many workers could need more connections than there are (at the busiest hour, some
    requests would wait for the pool or be turned away by the server), or where the server turns this login away. One
    that does not answer is no reason yet."""
    from django.conf import settings
    from django.db import connection

    pool: int = settings.DATABASE_POOL_SIZE
    if threads > pool:
        raise RuntimeError(
            f"{threads} threads share DATABASE_POOL_SIZE={pool} connections. Set it to {threads} or more, or use fewer "
            "threads."
        )
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return  # behind a pooler its own max_client_conn counts, which only its administrator can ask for
    parameters = {"connect_timeout": 5} | connection.get_connection_params()
    try:
        with psycopg.connect(**parameters) as asked:
            row = asked.execute(_CONNECTIONS).fetchone()
    except psycopg.OperationalError as error:
        if settings.WEB_DATABASE is not None:
            return  # web_role_check, which comes next, asks for that login
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
