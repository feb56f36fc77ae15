"""nginx with our configuration, before a shop that says what it was asked. Starts in no time."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Thread
from typing import override

from homeshield.front.configuration import Front
from homeshield.front.nginx import Nginx, check
from homeshield.front.spool import spool_folder
from homeshield.front.supervisor import write_configuration


class _Echo(BaseHTTPRequestHandler):
    """`/cut` breaks off in the middle of its answer, `/endless` is 64 MB, all else tells the request's headers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        if self.path == "/cut":
            self._begin()
            self.wfile.write(b"10\r\n0123456789abcdef\r\n")
            return
        if self.path == "/endless":
            self._begin()
            piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
            for _ in range(64):
                self.wfile.write(piece)
            self.wfile.write(b"0\r\n\r\n")
            self.server.given_out.append(self.path)  # type: ignore[attr-defined]
            return
        self._tell()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-Request-ID", self.headers["X-Request-ID"])
        self.end_headers()

    def _tell(self) -> None:
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-ID", self.headers["X-Request-ID"])
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


class _Shop(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def __init__(self, place: str) -> None:
        super().__init__(place, _Echo)
        self.given_out: list[str] = []

    @override
    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return super().get_request()[0], ("", 0)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor who leaves is no fault."""


@contextmanager
def echoing(front: Front, *, with_shop: bool = True) -> Iterator[list[str]]:
    """What the shop has given out to the last byte. `with_shop=False`: nobody answers behind nginx."""
    with spool_folder() as folder:
        configuration = write_configuration(front, folder)
        check(configuration)
        shop = _Shop(str(folder / "shop.sock")) if with_shop else None
        if shop:
            (folder / "shop.sock").chmod(0o666)
            Thread(target=shop.serve_forever, daemon=True).start()
        server = Nginx(configuration)
        try:
            for address in front.addresses:
                _wait_for(address.port)
            yield shop.given_out if shop else []
        finally:
            server.stop(1)
            if shop:
                shop.shutdown()
                shop.server_close()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen.")
