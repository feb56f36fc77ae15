"""Ctrl-C while a command is still being started: it ends, and there is nothing to read."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

DELAYS = (0, 0.02, 0.05, 0.1, 0.2, 0.4)
"""In seconds, from when the first line of manage.py has run: before it, Python itself is starting."""


def wait_for_the_first_line(process: "subprocess.Popen[bytes]") -> None:
    """By the kernel's word: Python catches the signal, and then does not any more; or it has worked for longer (in
    seconds of the processor, which other programs do not stretch) than it takes to come there."""
    was_caught = False
    while _worked(process.pid) < 0.15:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        caught = bool(int(status.partition("SigCgt:")[2].split()[0], 16) & 1 << signal.SIGINT - 1)
        if was_caught and not caught:
            return
        was_caught = caught
        time.sleep(0.001)


def _worked(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _heed() -> None:
    """Where these tests run in a shell's background, all that they start would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("arguments", [["check"], ["serve", "--check"]])
def test_ctrl_c_at_the_start_says_nothing(arguments: list[str]) -> None:
    for delay in DELAYS:
        command = subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR,
            env=os.environ | {"SECRET_KEY": ""},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=_heed,  # noqa: PLW1509 - no thread is there
        )  # fmt: skip
        with command:
            wait_for_the_first_line(command)
            time.sleep(delay)
            command.send_signal(signal.SIGINT)
            _, said = command.communicate(timeout=30)
        assert said == b"", delay
        assert command.returncode in (0, 130, -signal.SIGINT)
