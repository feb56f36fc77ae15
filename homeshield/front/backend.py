"""gunicorn behind nginx: one process tree that serves the shop on a socket in a folder of ours."""

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
"""How long a start may take until the shop answers."""

OURS = {"BEHIND_TLS_PROXY": "true", "TRUSTED_PROXY_COUNT": "1"}
"""What the shop behind nginx is told: exactly one proxy of ours stands in front, and says the truth about visitors."""


class DidNotStart(Exception):
    """It ended, or did not answer; what it said is on standard error."""


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
            start_new_session=True,  # Ctrl-C is for us, who then stop it gently
            preexec_fn=ends_with_us(),  # noqa: PLW1509 - the main thread alone starts processes
        )  # fmt: skip

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_until_it_answers(self, *, unless: Callable[[], bool]) -> None:
        """Raises DidNotStart. `unless` is asked all the while, and a start that nobody wants any more is given up."""
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.has_ended or time.monotonic() > deadline or unless():
                self.kill()
                raise DidNotStart
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whatever it says, so also where the database is away."""
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
        """Lets it finish what it has begun, and returns at once."""
        if self.stopped_at is None:
            self.stopped_at = time.monotonic()
            self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """At once: SIGQUIT, by which gunicorn ends its workers as well."""
        if not self.has_ended:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _a_host() -> str:
    """One that the shop answers to, so that its log has no fault."""
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
