"""Runs nginx and gunicorn together, and reloads without a pause."""

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

import structlog
from django.conf import settings

from homeshield.front import nginx
from homeshield.front.backend import Backend, DidNotStart
from homeshield.front.configuration import Front, configuration, write_refusals
from homeshield.front.spool import spool_folder
from homeshield.lib.ports import PortInUse, port_check

logger = structlog.get_logger("homeshield.front")

VISITORS_SECONDS = 30
"""For visitors in progress at a stop."""
RETIRED_SECONDS = 150
"""For the old shop's requests after a reload."""
_SETTLING_SECONDS = 1.0
"""Until no connection waits for the old shop."""


class HalfEnded(Exception):
    """nginx or gunicorn ended by itself."""


def write_configuration(front: Front, folder: Path) -> Path:
    write_refusals(folder / "refusals")
    (folder / "static").symlink_to(settings.STATIC_ROOT)
    text = configuration(front, folder=folder, version=nginx.version(), user=nginx.account_of_workers())
    place = folder / "nginx.conf"
    place.write_text(text, encoding="utf-8")
    return place


class Supervisor:
    """`run` ends at SIGTERM and SIGINT; SIGHUP replaces the shop."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._stopping = False
        self._started = 0
        self._retired: list[Backend] = []

    def check(self) -> None:
        """Raises NginxRefused or PortInUse; starts nothing."""
        with spool_folder() as folder:
            nginx.check(write_configuration(self._front, folder))
        for address in self._front.addresses:
            try:
                port_check(address.port, address.host.strip("[]"))
            except PortInUse as error:
                hint = (
                    " Debian starts an nginx of its own: systemctl disable --now nginx." if address.port < 1024 else ""
                )
                raise PortInUse(f"{address}: {error}{hint}") from None

    def run(self, *, when_ready: Callable[[], None]) -> None:
        """Raises DidNotStart or HalfEnded; either way nothing keeps running."""
        handled = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, self._told) for number in handled}
        try:
            with spool_folder() as folder:
                self._serve(folder, when_ready)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _serve(self, folder: Path, when_ready: Callable[[], None]) -> None:
        place = write_configuration(self._front, folder)
        server: nginx.Nginx | None = None
        shop: Backend | None = None
        try:
            shop = self._start_shop(folder)
            if self._stopping:
                return
            server = nginx.Nginx(place)
            certificate = self._certificate()
            while not self._stopping and not self._is_listening():
                self._look_after(server, shop)
                time.sleep(0.05)
            if not self._stopping:
                when_ready()
            while not self._stopping:
                self._look_after(server, shop)
                if self._asked_to_reload():
                    shop = self._reload(folder, shop)
                    if certificate != (certificate := self._certificate()):
                        server.reload()
        except DidNotStart:
            if not self._stopping:
                raise
        finally:
            if server is not None:
                server.stop(VISITORS_SECONDS)
            for one in [*self._retired, *([shop] if shop else [])]:
                one.stop()
            for one in [*self._retired, *([shop] if shop else [])]:
                one.wait(VISITORS_SECONDS)

    def _start_shop(self, folder: Path) -> Backend:
        """Starts a shop and points nginx to it. Raises DidNotStart and then changes nothing."""
        self._started += 1
        shop = Backend(folder / f"shop-{self._started}.sock")
        shop.wait_until_it_answers(unless=lambda: self._stopping)
        pointer = folder / "shop.sock"
        fresh = folder / "shop.sock.new"
        fresh.symlink_to(shop.place.name)
        fresh.replace(pointer)  # atomic: each connection meets one of them
        return shop

    def _reload(self, folder: Path, shop: Backend) -> Backend:
        logger.info("A new shop is being started in the place of the old one.")
        try:
            fresh = self._start_shop(folder)
        except DidNotStart:
            logger.error("The new shop did not start, and the old one goes on. Mend what it said, and reload again.")
            return shop
        self._wait(_SETTLING_SECONDS)
        shop.stop()
        self._retired.append(shop)
        logger.info("The new shop serves. The old one finishes what it has begun.")
        return fresh

    def _look_after(self, server: nginx.Nginx, shop: Backend) -> None:
        for one in self._retired:
            if one.stopped_at is not None and time.monotonic() > one.stopped_at + RETIRED_SECONDS:
                one.kill()
        self._retired = [one for one in self._retired if not one.has_ended]
        if server.has_ended:
            raise HalfEnded("nginx")
        if shop.has_ended:
            raise HalfEnded("gunicorn")

    def _is_listening(self) -> bool:
        for address in self._front.addresses:
            host = address.host.strip("[]")
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
                if attempt.connect_ex((host, address.port)) != 0:
                    return False
        return True

    def _certificate(self) -> list[tuple[int, int]]:
        """Changes when a certificate is renewed."""
        files = [one for one in (self._front.certificate, self._front.certificate_key) if one is not None]
        return [(file.stat().st_mtime_ns, file.stat().st_ino) for file in files if file.exists()]

    def _told(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        if number != signal.SIGHUP:
            self._stopping = True
        self._signals.put(number)

    def _asked_to_reload(self) -> bool:
        """Waits a second at most. Several requests are one reload."""
        asked = False
        try:
            asked = self._signals.get(timeout=1) == signal.SIGHUP
            while True:
                asked = self._signals.get_nowait() == signal.SIGHUP or asked
        except Empty:
            return asked and not self._stopping

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            time.sleep(0.05)
