"""gunicorn behind nginx: a process tree on a socket in our folder."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import override

from django.conf import settings

from homeshield.lib.processes import ends_with_us

START_SECONDS = 180
OURS = {"BEHIND_TLS_PROXY": "true", "TRUSTED_PROXY_COUNT": "1"}
"""Exactly one proxy of ours is in front."""


class DidNotStart(Exception):
    """The reason is on standard error."""


class Backend:
    def __init__(self, place: Path) -> None:
        self.place = place
        self.stopped_at: float | None = None
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [
                sys.executable, "-m", "gunicorn", "--config", "python:homeshield.gunicorn_conf",
                "--bind", f"unix:{place}", "homeshield.wsgi",
            ],
            cwd=settings.BASE_DIR, env=os.environ | OURS, stdin=subprocess.DEVNULL,
            start_new_session=True,  # keeps Ctrl-C away: we stop it
            preexec_fn=ends_with_us(),  # noqa: PLW1509 - only the main thread starts processes
        )  # fmt: skip

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_until_it_answers(self, *, unless: Callable[[], bool]) -> None:
        """Raises DidNotStart, also once `unless` is true."""
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.has_ended or time.monotonic() > deadline or unless():
                self.kill()
                raise DidNotStart
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Any answer counts, so that the database may be down."""
        asked = _UnixConnection(self.place)
        try:
            asked.request("GET", "/health", headers={"Host": _a_host(), "Connection": "close"})
            asked.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()
        return True

    def stop(self) -> None:
        """Returns at once; requests in progress finish."""
        if self.stopped_at is None:
            self.stopped_at = time.monotonic()
            self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """gunicorn ends its workers at SIGQUIT."""
        if not self.has_ended:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _a_host() -> str:
    """An allowed host, so that nothing is logged."""
    allowed = settings.ALLOWED_HOSTS[0].removeprefix(".")
    return "localhost" if allowed == "*" else allowed


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, place: Path) -> None:
        super().__init__("localhost", timeout=START_SECONDS)
        self._place = place

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._place))
