"""Identifies processes. A pid in a file proves nothing: pids are reused."""

import os
import signal
import subprocess
import time
from pathlib import Path

_EXITING = 0x4  # PF_EXITING
_KILLED = 1 << (signal.SIGKILL - 1)
_HAS_PROC = Path("/proc/self/stat").exists()


def start_time(pid: int) -> str | None:
    """The kernel's start count of a process; None if it has ended. With the pid it is unique.

    A dying process counts as ended, so that it is gone right after a kill; so does a zombie, because many containers
    never reap. Empty without /proc.
    """
    if not _HAS_PROC:
        return "" if is_pid_taken(pid) else None
    try:
        # The name in brackets may hold spaces and brackets; proc(5)'s fields 3 and up follow.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, flags, started, pending = fields[0], int(fields[6]), fields[19], int(fields[28])
    if state in (b"Z", b"X") or flags & _EXITING or pending & _KILLED:
        return None
    return started.decode()


def is_pid_taken(pid: int) -> bool:
    """PostgreSQL's own test, which takes a zombie for alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def serves(pid: int, data: Path) -> bool:
    """The working folder also shows a server started by hand, but containers keep root from reading another user's."""
    if pid <= 0:
        return False
    if not _HAS_PROC:
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 -- fixed program
        return f"postgres -D {data} -c " in shown.stdout
    process = Path(f"/proc/{pid}")
    try:
        program, *arguments = (process / "cmdline").read_bytes().split(b"\0")
        if not program.rpartition(b"/")[2].startswith(b"postgres"):
            return False
        return arguments[:2] == [b"-D", os.fsencode(data)] or (process / "cwd").readlink() == data
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def wait_for_end(pid: int, started: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while start_time(pid) == started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
