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
    """nginx is missing or rejects its configuration; the message says what to do."""


def program() -> str:
    """Raises NginxRefused."""
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
    """The account for root's workers; None if we are not root."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in _ACCOUNTS if name in names), None)


def check(configuration: Path) -> None:
    """Raises NginxRefused with nginx's reason."""
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
    def __init__(self, configuration: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the program that was found
            [program(), "-e", "stderr", "-c", str(configuration)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
            start_new_session=True,  # keeps Ctrl-C away: we stop it
            preexec_fn=ends_with_us(),  # noqa: PLW1509 - only the main thread starts processes
        )  # fmt: skip
        assert self._process.stderr is not None
        self._reader = Thread(target=_log, args=[self._process.stderr], daemon=True)
        self._reader.start()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def reload(self) -> None:
        """Rereads the certificate; requests in progress finish."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self, seconds: float) -> None:
        """Visitors being served have `seconds` to finish."""
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
            # Workers outlive a killed master and hold its port.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._reader.join(2)


def _log(said: IO[str]) -> None:
    with said:
        for line in said:
            _log_line(line.rstrip("\n"))


def _log_line(line: str) -> None:
    """Logs requests that never reached the shop (JSON lines), and nginx's errors.

    Errors lose their end, which holds the visitor's address and query.
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
