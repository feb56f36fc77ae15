"""Tells a server that turns a login away from one that is not there."""

from collections.abc import Mapping
from typing import Any

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping


def server_answers(parameters: Mapping[str, Any]) -> bool:
    """Whether somebody takes connections where these parameters point to, whether or not this login is let in."""
    known = {name: parameters[name] for name in ("host", "port", "dbname", "user") if parameters.get(name)}
    return Ping(PGconn.ping(make_conninfo("", connect_timeout=5, **known).encode())) == Ping.OK
