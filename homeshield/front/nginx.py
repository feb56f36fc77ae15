"""nginx itself: where it is, whether it takes our configuration, and what it says, as lines of our own log."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

import structlog

from homeshield.lib.processes import ends_with_us

logger = structlog.get_logger("homeshield.front")

_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"))
_ACCOUNTS = ("www-data", "nginx", "nobody")
_LINE = re.compile(r"\S+ \S+ \[(?P<level>\w+)\] \d+#\d+: (?:\*\d+ )?(?P<said>.*)")
_LEVELS = {"emerg": "critical", "alert": "critical", "crit": "error", "error": "error", "warn": "warning"}


class NginxRefused(Exception):
    """There is no nginx, or it does not take its configuration; the message says why and how to mend it."""


def program() -> str:
    """Raises NginxRefused where there is none."""
    found = shutil.which("nginx", path=_PLACES)
    if found is None:
        raise NginxRefused(
            "nginx is not installed. It stands in front of the shop, so that stalled visitors hold up nobody: "
            "apt-get install nginx-light, and systemctl disable --now nginx (the shop starts its own)."
        )
    return found


def version() -> tuple[int, ...]:
    said = subprocess.run([program(), "-v"], capture_output=True, text=True, check=False, timeout=20).stderr  # noqa: S603
    found = re.search(r"/(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def account_of_workers() -> str | None:
    """For whom the workers of a root's nginx run; None where we are not root, and they run as we do."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in _ACCOUNTS if name in names), None)


def check(configuration: Path) -> None:
    """Raises NginxRefused with what nginx says, where it would not start with this configuration."""
    done = subprocess.run(  # noqa: S603 - the program that was found
        [program(), "-t", "-q", "-e", "stderr", "-c", str(configuration)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode:
        raise NginxRefused(f"nginx does not take its configuration: {_first_fault(done.stderr)}")


def _first_fault(said: str) -> str:
    for line in said.splitlines():
        if "[emerg]" in line or "[alert]" in line:
            return line.partition("] ")[2].partition(": ")[2] or line
    return said.strip().splitlines()[0] if said.strip() else "it does not say why."


class Nginx:
    """A running nginx. What it says goes on in our log."""

    def __init__(self, configuration: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the program that was found
            [program(), "-e", "stderr", "-c", str(configuration)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
            start_new_session=True,  # Ctrl-C is for us, who then stop it gently
            preexec_fn=ends_with_us(),  # noqa: PLW1509 - the main thread alone starts processes
        )  # fmt: skip
        assert self._process.stderr is not None
        self._reader = Thread(target=_log, args=[self._process.stderr], daemon=True)
        self._reader.start()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def reload(self) -> None:
        """With its files read anew: a renewed certificate. Visitors' requests under way are finished."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self, seconds: float) -> None:
        """No new visitor; those who are being served have so long."""
        for number, patience in ((signal.SIGQUIT, seconds), (signal.SIGTERM, 5)):
            if self.has_ended:
                break
            self._process.send_signal(number)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        if not self.has_ended:
            self._process.kill()
            self._process.wait()
        with suppress(ProcessLookupError):
            # Workers outlive a master that was killed, and hold its port against the next start.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._reader.join(2)


def _log(said: IO[str]) -> None:
    with said:
        for line in said:
            _log_line(line.rstrip("\n"))


def _log_line(line: str) -> None:
    """Requests that never reached the shop are JSON, as the configuration makes them; all else are nginx's faults.

    Of these the end is left out: the visitor's address and the request, whose query may hold anything.
    """
    if line.startswith("{"):
        try:
            facts = json.loads(line)
        except ValueError:
            return
        logger.info("answered in front of the shop", **facts)
        return
    found = _LINE.fullmatch(line)
    level = _LEVELS.get(found["level"], "info") if found else "warning"
    text = (found["said"] if found else line).partition(", client: ")[0]
    getattr(logger, level)("nginx", said=text)
