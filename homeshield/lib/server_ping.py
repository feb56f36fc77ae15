from collections.abc import Mapping
from typing import Any

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping


def why_turned_away(error: Exception, parameters: Mapping[str, Any]) -> str | None:
    """Why the server refused this login; None if no server answers."""
    known = {name: parameters[name] for name in ("host", "port", "dbname", "user") if parameters.get(name)}
    if Ping(PGconn.ping(make_conninfo("", connect_timeout=5, **known).encode())) != Ping.OK:
        return None
    reason = " ".join(str(error).split())
    hint = " Behind a pooler, set DATABASE_POOLER=true." if "startup parameter" in reason else ""
    return f"{reason}.{hint}"
