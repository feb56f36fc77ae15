"""Finds, initializes, starts and stops the server. Changes need the lock."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .binaries import server_binary
from .errors import EmbeddedPostgresError
from .location import PORT, UNFINISHED, Location, make_socket_dir
from .processes import is_pid_taken, serves, start_time, wait_for_end

DATABASE = "homeshield"
SUPERUSER = "homeshield"

# syncfs is three times as fast as syncing a thousand files.
_SYNC_METHOD = "syncfs" if sys.platform == "linux" else "fsync"

# For 2 cores and a few GB. Durability stays on, for crash tests.
SERVER_SETTINGS: dict[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "recovery_init_sync_method": _SYNC_METHOD,
    "jit": "off",  # slows short queries
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

_START_SECONDS = 120.0  # crash recovery replays at most max_wal_size
_STOP_SECONDS = 60.0
_LOG_BYTES = 10_000_000
# Nothing from the caller: no secrets, locale or PGDATA.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The start time guards against reused pids."""

    pid: int
    started: str

    def is_serving(self, location: Location) -> bool:
        """Runs for every new connection (30 microseconds)."""
        if not self.started:  # no /proc: only an answer proves life
            return _listener(location) is not None
        return start_time(self.pid) == self.started and location.socket.exists() and location.pid_file.exists()


def find_ready(location: Location) -> Postmaster | None:
    if _listener(location) is None:
        return None
    pid, ready = _read_pid_file(location)
    started = start_time(pid) if ready and serves(pid, location.data) else None
    return None if started is None else Postmaster(pid, started)


def find(location: Location) -> Postmaster | None:
    """The server in any state, by its pid file or its socket."""
    for pid in (_read_pid_file(location)[0], _listener(location) or 0):
        if serves(pid, location.data) and (started := start_time(pid)) is not None:
            return Postmaster(pid, started)
    return None


def _read_pid_file(location: Location) -> tuple[int, bool]:
    """The pid (0: none), and whether the server reports ready."""
    try:
        lines = location.pid_file.read_text().splitlines()
        return int(lines[0]), len(lines) > 7 and lines[7].strip() == "ready"
    except (OSError, IndexError, ValueError):
        return 0, False


def _listener(location: Location) -> int | None:
    """The pid of the socket's listener (0: unknown)."""
    with socket.socket(socket.AF_UNIX) as client:
        # settimeout() would make it non-blocking, and a busy server would look absent.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 5, 0))
        try:
            client.connect(str(location.socket))
        except OSError:
            return None
        if not hasattr(socket, "SO_PEERCRED"):
            return 0
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])


def start(location: Location) -> Postmaster:
    """Starts the server from any state and waits until it is ready.

    Raises EmbeddedPostgresError with the end of the log.
    """
    deadline = time.monotonic() + _START_SECONDS
    launched = written = 0
    while True:
        if ready := find_ready(location):
            return ready
        if found := find(location):  # ours, or one whose starter died
            if _is_cut_off(location):
                terminate(location, found, signal.SIGQUIT)  # its files may be gone
        elif not launched or start_time(launched) is None:
            if launched:
                _raise_unless_passing(location, written)
            _prepare(location)
            written = _log_size(location)
            launched = _launch(location)
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(_with_log(f"Not ready after {_START_SECONDS:.0f} s", location, written))
        time.sleep(0.005)


def _is_cut_off(location: Location) -> bool:
    """Whether a live server lost its socket or pid file, as when somebody deletes the folder."""
    return not location.pid_file.exists() or (_read_pid_file(location)[1] and not location.socket.exists())


def _raise_unless_passing(location: Location, written: int) -> None:
    """Raises why the server ended, unless another server is the cause.

    A killed server's children take a moment to end; until then its shared memory must stay untouched.
    """
    report = _with_log("The server did not start", location, written)
    if "shared memory block" not in report and "lock file" not in report:
        raise EmbeddedPostgresError(report)
    time.sleep(0.1)


def _prepare(location: Location) -> None:
    for path in (location.pid_file, Path(f"{location.socket}.lock")):
        if _is_stale(path, location):
            path.unlink(missing_ok=True)
    if not location.data.exists():
        _initialise(location)
    # Only now: PostgreSQL identifies shared memory by the folder's inode. A new folder must not reuse the inode of one
    # where a killed initdb's server still runs.
    for left_over in location.base.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    make_socket_dir(location)


def _is_stale(lock_file: Path, location: Location) -> bool:
    """Whether PostgreSQL would trust this lock file although no server lives.

    A reused pid, a zombie or an empty file would block it forever. It handles a dead pid itself.
    """
    for patience in (0.1, 0.0):  # a live server's file is empty for a moment
        try:
            words = lock_file.read_text().split()
        except FileNotFoundError:
            return False
        if words:
            return words[0].isdigit() and is_pid_taken(int(words[0])) and not serves(int(words[0]), location.data)
        time.sleep(patience)
    return True


def _initialise(location: Location) -> None:
    """Renames the folder when complete: a kill leaves all or nothing."""
    staging = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=location.base))
    if location.account:
        os.chown(staging, location.account.uid, location.account.gid)
    initdb = str(server_binary("initdb", location))
    postgres = str(server_binary("postgres", location))
    try:
        _run(
            [
                *(initdb, "-D", str(staging), "--username", SUPERUSER, "--encoding", "UTF8", "--no-sync"),
                *("--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *("--auth-local", "trust", "--auth-host", "reject"),  # the socket's folder guards access
            ],
            location,
        )
        # Before the rename: whoever finds a server finds the database.
        create = f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'\n"
        _run([postgres, "--single", "-F", "-j", "-D", str(staging), "postgres"], location, stdin=create)
        _run([initdb, "--sync-only", "--sync-method", _SYNC_METHOD, "-D", str(staging)], location)
        staging.rename(location.data)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    descriptor = os.open(location.base, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(primary: Location, location: Location) -> None:
    """Makes a streaming replica, replacing what was there. Raises EmbeddedPostgresError."""
    staging = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=location.base))
    if location.account:
        os.chown(staging, location.account.uid, location.account.gid)
    program = str(server_binary("pg_basebackup", location))
    source = ("--host", str(primary.socket_dir), "--port", str(PORT), "--username", SUPERUSER)
    how = ("--wal-method=stream", "--checkpoint=fast", "--write-recovery-conf", "--no-sync")
    try:
        _run([program, "--pgdata", str(staging), *source, *how], location)
        shutil.rmtree(location.data, ignore_errors=True)
        staging.rename(location.data)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _as_server(location: Location) -> dict[str, Any]:
    """In its own session, away from Ctrl-C."""
    options: dict[str, Any] = {"cwd": "/", "env": _ENVIRONMENT, "start_new_session": True, "umask": 0o077}
    if location.account:
        options |= {"user": location.account.uid, "group": location.account.gid, "extra_groups": []}
    return options


def _run(command: list[str], location: Location, stdin: str = "") -> None:
    done = subprocess.run(  # noqa: S603 -- our own arguments
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **_as_server(location),
    )
    if done.returncode:
        raise EmbeddedPostgresError(f"{Path(command[0]).name} failed:\n{done.stdout.strip()}")


def _launch(location: Location) -> int:
    """Returns the server's pid.

    A shell starts it and ends at once, so that init adopts it: the caller need not reap it, and tools that kill the
    caller's children spare it.
    """
    if _log_size(location) > _LOG_BYTES:
        location.log.replace(location.log.with_suffix(".log.1"))
    settings = SERVER_SETTINGS | {"unix_socket_directories": str(location.socket_dir), "port": str(PORT)}
    command = [str(server_binary("postgres", location)), "-D", str(location.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    log = os.open(location.log, flags, 0o600)
    try:
        shell = ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command]
        started = subprocess.run(  # noqa: S603 -- our own arguments
            shell, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, check=True, **_as_server(location)
        )
    finally:
        os.close(log)
    return int(started.stdout)


def terminate(location: Location, postmaster: Postmaster, how: signal.Signals = signal.SIGINT) -> None:
    """SIGINT shuts down cleanly; SIGQUIT leaves recovery to the next start.

    Raises EmbeddedPostgresError if the server survives.
    """
    with suppress(ProcessLookupError):
        os.kill(postmaster.pid, how)
    if not wait_for_end(postmaster.pid, postmaster.started, _STOP_SECONDS):
        raise EmbeddedPostgresError(f"The server (pid {postmaster.pid}) does not end. Its log: {location.log}")
    with suppress(OSError):  # not empty: the rest is not ours
        location.socket_dir.rmdir()


def _log_size(location: Location) -> int:
    return location.log.stat().st_size if location.log.exists() else 0


def _with_log(message: str, location: Location, offset: int) -> str:
    with location.log.open("rb") as log:
        log.seek(offset)
        end = log.read().decode(errors="replace").strip().splitlines()[-15:]
    return "\n".join([f"{message}. The end of {location.log}:", *end])
