"""What the tests of the embedded server do to it, and in which other processes they call the launcher."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from homeshield.lib import embedded_postgres
from homeshield.lib.embedded_postgres.location import locate
from homeshield.lib.embedded_postgres.processes import start_time

PROJECT = Path(__file__).resolve().parents[4]
ROOT = os.geteuid() == 0

only_root = pytest.mark.skipif(not ROOT, reason="only root has a second account to try with")

ENSURE = "from homeshield.lib import embedded_postgres as e; e.ensure_running(); print(e.status().pid)"


def launch(code: str, *, project: Path = PROJECT, **environment: str) -> subprocess.Popen[str]:
    """Runs code of the launcher's in a new process, which has a group of its own, as one started by a shell has."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=project,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def output(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def server_pid() -> int:
    pid = embedded_postgres.status().pid
    assert pid is not None
    return pid


def select(sql: str, url: str | None = None) -> object:
    """The first value of a query on the embedded server, which must be running."""
    info = locate()
    with psycopg.connect(url or f"host={info.socket_dir} user=homeshield dbname=homeshield") as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0]


def kill_server() -> int:
    """kill -9 of the server's main process; returns its pid when it and its backends are gone.

    The backends end when they notice, within milliseconds. In between they answer as if nothing had happened.
    """
    pid = server_pid()
    backends = select("SELECT array_agg(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert isinstance(backends, list)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(start_time(process) is None for process in (pid, *backends)))
    return pid


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def delete_server() -> None:
    embedded_postgres.stop()
    location = locate()
    for folder in (location.base, location.socket_dir):
        shutil.rmtree(folder, ignore_errors=True)


def account() -> dict[str, Any]:
    """Popen's arguments to run a program as the account that the server runs as."""
    location = locate()
    return {"user": location.account.uid, "group": location.account.gid} if location.account else {}


def program_of(pid: int) -> str:
    """The path of the program that a process runs; empty for a zombie or no process."""
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0])
    except (FileNotFoundError, ProcessLookupError):
        return ""
