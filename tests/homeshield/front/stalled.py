"""Visitors who begin and do not go on: each holds a connection, and must hold nothing else."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

SILENT = b""
HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: nobody-ends-th"
HALF_A_BODY = (
    b"POST /api/v1/availability HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 1000\r\n\r\n{"classif'
)
A_PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def a_download(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


@contextmanager
def stalled(port: int, beginnings: Sequence[bytes]) -> Iterator[list[socket.socket]]:
    """A connection for each beginning, which then reads 64 bytes a second at most, and says nothing more."""
    over = Event()
    with ExitStack() as stack:
        connections = [stack.enter_context(_slow(port)) for _ in beginnings]
        for one, said in zip(connections, beginnings, strict=True):
            one.sendall(said)
        reader = Thread(target=_read_slowly, args=[connections, over], daemon=True)
        reader.start()
        try:
            yield connections
        finally:
            over.set()
            reader.join(20)


def _slow(port: int) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.settimeout(20)
    one.connect(("127.0.0.1", port))
    return one


def _read_slowly(connections: Sequence[socket.socket], over: Event) -> None:
    for one in connections:
        one.setblocking(False)
    while not over.wait(1):
        for one in connections:
            with suppress(OSError):
                one.recv(64)
