"""The real PgBouncer in front of a real server, in the mode that hands a connection out for one transaction."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.rows import dict_row

from homeshield.lib.embedded_postgres.location import locate

PORT = 6432  # only a part of the socket's name
SERVER_CONNECTIONS = 8

# server_reset_query_always: after each transaction whatever it left in its session is thrown away. A pooler that does
# not do so loses state only when somebody else is handed the connection, so that a test would find it by chance.
STRICT = """\
[databases]
* = host={host} port={port}
[pgbouncer]
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
server_reset_query = DISCARD ALL
server_reset_query_always = 1
"""
OURS = """\
auth_type = {auth_type}
auth_file = {folder}/users
auth_user = {user}
admin_users = {user}
listen_addr =
listen_port = {own_port}
unix_socket_dir = {folder}
unix_socket_mode = 0777
logfile = {folder}/log
syslog = 0
"""


@dataclass(frozen=True, slots=True)
class Pooler:
    """A running PgBouncer: `host` is its socket's folder, the account is the server's own."""

    host: str
    user: str
    password: str
    port: int = PORT

    def url(self, dbname: str) -> str:
        """As DATABASE_URL wants it."""
        named = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}".rstrip(":")
        return f"postgresql://{named}@{quote(self.host, safe='')}:{self.port}/{quote(dbname, safe='')}"

    def show(self, what: str) -> list[dict[str, Any]]:
        """What PgBouncer's own console says: POOLS, STATS, SERVERS ..."""
        place: dict[str, Any] = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        # It speaks the simple protocol alone.
        with psycopg.connect(**place, dbname="pgbouncer", autocommit=True) as console:
            answer = psycopg.ClientCursor(console, row_factory=dict_row).execute(f"SHOW {what}".encode())
            return answer.fetchall()


def pgbouncer() -> str:
    """The program. Without it the test is skipped, but not in CI."""
    if program := shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])):
        return program
    message = "There is no pgbouncer: install Debian's package of that name."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def pooler_before(server: dict[str, Any], configuration: str = STRICT) -> Iterator[Pooler]:
    """PgBouncer in front of the server that psycopg's parameters name, until the block ends. Of a configuration, what
    says who may connect and where is replaced: of two settings PgBouncer takes the second."""
    program = pgbouncer()
    account = locate().account  # like PostgreSQL it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="homeshield-pooler-", dir="/tmp"))  # short: it holds a socket
    user, password = str(server["user"]), str(server.get("password") or "")
    (folder / "users").write_text(f'"{user}" "{password}"\n')
    (folder / "ini").write_text(
        (configuration + OURS).format(
            host=server.get("host") or "/var/run/postgresql", port=server.get("port") or 5432, size=SERVER_CONNECTIONS,
            auth_type="scram-sha-256" if password else "trust", folder=folder, user=user, own_port=PORT,
        )
    )  # fmt: skip
    options: dict[str, Any] = {}
    if account:
        options = {"user": account.uid, "group": account.gid, "extra_groups": []}
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    log = (folder / "start").open("w")
    running = subprocess.Popen([program, "-q", str(folder / "ini")], cwd="/", stderr=log, stdout=log, **options)
    try:
        pooler = Pooler(str(folder), user, password)
        _wait_until_ready(pooler, running, folder)
        yield pooler
    finally:
        running.terminate()
        running.wait(timeout=10)
        log.close()
        shutil.rmtree(folder)


def _wait_until_ready(pooler: Pooler, running: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and running.poll() is None:
        with suppress(psycopg.OperationalError):
            pooler.show("VERSION")
            return
        time.sleep(0.02)
    said = [path.read_text() for path in (folder / "start", folder / "log") if path.exists()]
    raise AssertionError(f"PgBouncer did not start: {said}")
