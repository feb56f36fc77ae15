"""The demo's scheduler: `manage.py run_scheduler` in a process of its own, for as long as the demo runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from homeshield.lib.processes import ends_with_us

APPLICATION = "homeshield scheduler"
"""How its connections, which are the owner's, can be told from those of pages in pg_stat_activity."""
EVERY = "2"
"""Seconds between two rounds: who tries things out looks at the audit record at once."""
STOP_SECONDS = 10
"""How long the transaction in hand may take at the end."""


@contextmanager
def scheduler() -> Iterator[None]:
    """Within it the inventory is kept current and what was recorded is sealed. It ends with us, however we end."""
    us = os.getpid()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "manage.py", "run_scheduler", "--every", EVERY],
        cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL,
        env={"LOG_LEVEL": "WARNING"} | os.environ | {"PGAPPNAME": APPLICATION},
        start_new_session=True,  # Ctrl-C is for us, who then end it
        preexec_fn=ends_with_us(),  # noqa: PLW1509 - the main thread starts it
    )  # fmt: skip
    try:
        yield
    finally:
        if os.getpid() == us:  # and not a worker of the server's, which was forked from us
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
