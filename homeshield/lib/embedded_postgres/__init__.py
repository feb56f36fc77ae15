"""The development database: a PostgreSQL server of this project's own, started when it is first needed.

All processes of one user share it: manage.py, the web server, the tests (with databases of their own). It is
reached by a Unix socket in a folder that only this user can enter, never by TCP, and stays up when the process
that started it ends. docs/decisions/0001-embedded-postgresql.md says why it is built this way.
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
    """What a client needs; `host` is the socket's folder. No password: who may enter the folder is trusted."""

    host: str
    port: int
    user: str
    dbname: str


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Where the server is; `pid` is None while it does not run, `account` is the user that it runs as for root."""

    pid: int | None
    data: Path
    socket_dir: Path
    log: Path
    account: str | None

    @property
    def running(self) -> bool:
        return self.pid is not None


# The server that this process has seen ready. Threads may overwrite each other's find: both are right.
_seen: dict[Location, server.Postmaster] = {}


def ensure_running() -> ConnectionInfo:
    """The way to the server, which runs and accepts connections when this returns.

    Called for every new connection: some 30 microseconds while the server lives. One that ended since (stopped,
    killed, its files deleted) is started again. Raises EmbeddedPostgresError if that fails.
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
    """Stops the server, disconnecting its clients, and answers whether there was one to stop.

    The next connection starts it again, also one that a running web server makes.
    """
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
    """Whether the server runs and where its files are. Starts and creates nothing."""
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
    """The running server's URL for libpq (psql, pg_dump) and for DATABASE_URL; starts the server if needed.

    The socket's folder is a parameter: django-environ does not decode it where a host's name stands.
    """
    return _url(ensure_running(), dbname)


def _url(info: ConnectionInfo, dbname: str) -> str:
    return f"postgresql://{info.user}@:{info.port}/{quote(dbname, safe='')}?host={quote(info.host, safe='')}"


def replica_make(dbname: str = DATABASE) -> str:
    """Makes a fresh streaming copy of the server, as it is now, in the place of an earlier one; starts it and returns
    its URL, for REPLICA_URL.

    The server keeps no log for a copy that is stopped: one that has slept for long is made again. Raises
    EmbeddedPostgresError.
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
    """The way to the copy that `replica_make` has made; starts it where it does not run.

    Raises EmbeddedPostgresError, also where no copy has been made.
    """
    location = locate_replica()
    if not location.data.exists():
        raise EmbeddedPostgresError("There is no streaming copy. `manage.py postgres replica` makes one.")
    with locked(location):
        server.find_ready(location) or server.start(location)
    return _way_to(location)


def replica_stop() -> bool:
    """Stops the copy, and answers whether there was one to stop. Reads then go to the server itself."""
    return _stop(locate_replica())
