"""`manage.py serve` as the README starts it, on the test database, and a visitor's view of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from django.conf import settings
from django.db import connection

COMMAND = [sys.executable, "manage.py", "serve"]


@dataclass
class Served:
    port: int
    process: "subprocess.Popen[str]"
    said: list[str]
    """Every line so far, of nginx and gunicorn as well."""

    def reload(self) -> None:
        """Returns when the new shop serves, or was refused."""
        self.process.send_signal(signal.SIGHUP)
        self.wait_for("The new shop", since=len(self.said))

    def wait_for(self, text: str, *, since: int = 0, seconds: float = 200) -> str:
        """The first line from then on that holds the text."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := next((line for line in self.said[since:] if text in line), None):
                return found
            assert self.process.poll() is None, "".join(self.said)
            time.sleep(0.05)
        raise AssertionError(f"It never said {text!r}: {''.join(self.said)}")

    def family(self) -> list[int]:
        """The processes below it."""
        return _below(self.process.pid)


def _below(pid: int) -> list[int]:
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return children + [grandchild for child in children for grandchild in _below(child)]


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port


def database_url() -> str:
    """Of the database that the test has."""
    given = connection.get_connection_params()
    place = f"{quote(given.get('host') or '', safe='')}:{given.get('port') or 5432}/{given['dbname']}"
    return f"postgres://{given.get('user') or ''}:{quote(given.get('password') or '', safe='')}@{place}"


def environment(port: int, **more: str) -> dict[str, str]:
    ours = {
        "SECRET_KEY": "", "DATABASE_URL": database_url(), "WEB_DATABASE_URL": "", "REPLICA_URL": "",
        "WEB_LISTEN": f"127.0.0.1:{port}", "WEB_LISTEN_TLS": "", "TLS_CERTIFICATE": "", "TLS_CERTIFICATE_KEY": "",
        "TRUSTED_PROXIES": "", "LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    return os.environ | ours | more


@contextmanager
def served(*, ends_with: int = 0, **more: str) -> Iterator[Served]:
    """`ends_with`: its exit code, which is 0 at SIGTERM."""
    port = free_port()
    process = subprocess.Popen(
        COMMAND, cwd=settings.BASE_DIR, env=environment(port, **more),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    server = Served(port, process, [])
    reader = Thread(target=_collect, args=[server], daemon=True)
    reader.start()
    try:
        server.wait_for("The shop is at", seconds=200)
        yield server
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == ends_with, "".join(server.said)
    finally:
        process.kill()
        process.wait()
        reader.join(20)


def _collect(server: Served) -> None:
    assert server.process.stdout is not None
    with server.process.stdout as said:
        server.said.extend(said)
