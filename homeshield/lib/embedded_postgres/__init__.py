"""The development database: a PostgreSQL server of this project, started on demand.

All processes of one user share it. It listens on a Unix socket that only this user can reach, and outlives the process
that started it. See docs/decisions/0001-embedded-postgresql.md.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import server
from .binaries import postgres_binary
from .errors import EmbeddedPostgresError
from .location import DIRECTORY_VARIABLE, PORT, Location, locate, locate_replica, locked, make_base
from .server import DATABASE, SERVER_SETTINGS, SUPERUSER

__all__ = [
    "DIRECTORY_VARIABLE",
    "SERVER_SETTINGS",
    "ConnectionInfo",
    "EmbeddedPostgresError",
    "ServerStatus",
    "ensure_running",
    "postgres_binary",
    "replica_make",
    "replica_start",
    "replica_stop",
    "status",
    "stop",
    "url",
]


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """`host` is the socket's folder. No password: whoever can enter the folder is trusted."""

    host: str
    port: int
    user: str
    dbname: str


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """`pid` is None if the server is down; `account` is its user if root starts it."""

    pid: int | None
    data: Path
    socket_dir: Path
    log: Path
    account: str | None

    @property
    def running(self) -> bool:
        return self.pid is not None


# Threads may overwrite each other's entry: both are right.
_seen: dict[Location, server.Postmaster] = {}


def ensure_running() -> ConnectionInfo:
    """Returns how to connect, once the server accepts connections.

    Takes 30 microseconds if the server is up. Raises EmbeddedPostgresError if it cannot start.
    """
    location = locate()
    postmaster = _seen.get(location)
    if postmaster is None or not postmaster.is_serving(location):
        _seen[location] = server.find_ready(location) or _start(location)
    return _way_to(location)


def _way_to(location: Location) -> ConnectionInfo:
    return ConnectionInfo(str(location.socket_dir), PORT, SUPERUSER, DATABASE)


def _start(location: Location) -> server.Postmaster:
    make_base(location)
    with locked(location):
        return server.find_ready(location) or server.start(location)


def stop() -> bool:
    """Returns whether the server ran. The next connection restarts it."""
    return _stop(locate())


def _stop(location: Location) -> bool:
    if not location.base.exists():
        return False
    with locked(location):
        postmaster = server.find(location)
        if postmaster:
            server.terminate(location, postmaster)
    return postmaster is not None


def status() -> ServerStatus:
    """Starts and creates nothing."""
    location = locate()
    postmaster = server.find(location)
    return ServerStatus(
        pid=postmaster.pid if postmaster else None,
        data=location.data,
        socket_dir=location.socket_dir,
        log=location.log,
        account=location.account.name if location.account else None,
    )


def url(dbname: str = DATABASE) -> str:
    """For libpq and DATABASE_URL; starts the server if needed.

    The socket's folder is a parameter, because django-environ does not decode host names.
    """
    return _url(ensure_running(), dbname)


def _url(info: ConnectionInfo, dbname: str) -> str:
    return f"postgresql://{info.user}@:{info.port}/{quote(dbname, safe='')}?host={quote(info.host, safe='')}"


def replica_make(dbname: str = DATABASE) -> str:
    """Makes and starts a fresh streaming replica; returns its URL.

    The server keeps no WAL for a stopped replica: make it again after a long pause. Raises EmbeddedPostgresError.
    """
    ensure_running()
    location = locate_replica()
    make_base(location)
    with locked(location):
        if running := server.find(location):
            server.terminate(location, running)
        server.copy(locate(), location)
        server.start(location)
    return _url(_way_to(location), dbname)


def replica_start() -> ConnectionInfo:
    """Raises EmbeddedPostgresError, also if there is no replica."""
    location = locate_replica()
    if not location.data.exists():
        raise EmbeddedPostgresError("There is no streaming copy. `manage.py postgres replica` makes one.")
    with locked(location):
        server.find_ready(location) or server.start(location)
    return _way_to(location)


def replica_stop() -> bool:
    return _stop(locate_replica())
