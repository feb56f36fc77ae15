"""Tells a server that turns a login away from one that is not there."""

from collections.abc import Mapping
from typing import Any

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping


def why_turned_away(error: Exception, parameters: Mapping[str, Any]) -> str | None:
    """In a sentence or two, why the server that these parameters point to let nobody in by them, where psycopg raised
    this error; None where nobody answers there."""
    known = {name: parameters[name] for name in ("host", "port", "dbname", "user") if parameters.get(name)}
    if Ping(PGconn.ping(make_conninfo("", connect_timeout=5, **known).encode())) != Ping.OK:
        return None
    reason = " ".join(str(error).split())
    hint = " Behind a pooler, set DATABASE_POOLER=true." if "startup parameter" in reason else ""
    return f"{reason}.{hint}"
