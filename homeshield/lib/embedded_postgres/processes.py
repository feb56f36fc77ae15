"""Which process is alive, and which is ours. A number in a file proves neither: pids are reused."""

import os
import signal
import subprocess
import time
from pathlib import Path

_EXITING = 0x4  # the kernel's PF_EXITING
_KILLED = 1 << (signal.SIGKILL - 1)
_HAS_PROC = Path("/proc/self/stat").exists()


def start_time(pid: int) -> str | None:
    """When the process started (the kernel's count), or None when it has ended.

    With the pid it names one process for good. One that is dying counts as ended, so that who kills and then
    asks is not told of a living one; and so does a zombie, which stays for ever where nobody reaps (the first
    process of many containers does not). Empty where the system has no /proc.
    """
    if not _HAS_PROC:
        return "" if is_pid_taken(pid) else None
    try:
        # The name, in brackets, may itself hold spaces and brackets. After it proc(5)'s fields 3, 4 and so on.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, flags, started, pending = fields[0], int(fields[6]), fields[19], int(fields[28])
    if state in (b"Z", b"X") or flags & _EXITING or pending & _KILLED:
        return None
    return started.decode()


def is_pid_taken(pid: int) -> bool:
    """Whether a signal would find the pid: PostgreSQL's own test, which takes a zombie for alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def serves(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL server of this data folder.

    Told by its command line, which every user may read, or by its working folder, which shows a server that
    somebody started by hand. Reading that of another user's process is a capability that containers take away
    from root, so it cannot be the only proof. A zombie shows neither.
    """
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
    """Waits until the process has ended, and answers whether it has."""
    deadline = time.monotonic() + seconds
    while start_time(pid) == started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
