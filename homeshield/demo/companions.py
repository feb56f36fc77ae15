import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from homeshield.lib.processes import ends_with_us

SCHEDULER = "homeshield scheduler"
"""Tells its connections (as owner) from those of pages in pg_stat_activity."""
WORKER = "homeshield worker"
EVERY = "2"
"""Seconds between rounds: visitors look at the audit record at once."""
STOP_SECONDS = 10
"""Allows the current transaction to finish."""


@contextmanager
def companions() -> Iterator[None]:
    """Runs the scheduler and the task worker, which end with us."""
    with (
        _beside_us(SCHEDULER, "run_scheduler", "--every", EVERY),
        _beside_us(WORKER, "db_worker", "--no-reload", "--interval", "0.5", "--verbosity", "0"),
    ):
        yield


@contextmanager
def _beside_us(application: str, *command: str) -> Iterator[None]:
    us = os.getpid()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL,
        env={"LOG_LEVEL": "WARNING"} | os.environ | {"PGAPPNAME": application},
        start_new_session=True,  # Ctrl-C reaches only us; we end it
        preexec_fn=ends_with_us(),  # noqa: PLW1509 - the main thread starts it
    )  # fmt: skip
    try:
        yield
    finally:
        if os.getpid() == us:  # not in a forked worker of the server
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
