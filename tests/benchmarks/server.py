"""The shop under nginx and gunicorn as in production, and callers of its API, each a process of its own."""

import http.client
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Empty
from typing import Any

DATABASE = "benchmark_api"

type Call = tuple[str, str, bytes | None]
"""Method, path with its query, body."""


def application() -> Callable[..., Any]:
    """What gunicorn's workers serve: the shop on the benchmark's database."""
    import django

    django.setup()
    from django.core.wsgi import get_wsgi_application
    from django.db import connection

    connection.settings_dict["NAME"] = DATABASE
    return get_wsgi_application()


@contextmanager
def serving(
    workers: int, environment: Mapping[str, str] | None = None, *, front: bool = True
) -> Iterator[tuple[int, int]]:
    """gunicorn with so many workers of 8 threads, nginx in front and the scheduler beside it; the port and gunicorn's
    process. Without the front gunicorn has the port itself."""
    from django.conf import settings

    from homeshield.front.configuration import Address, Front
    from homeshield.front.nginx import Nginx
    from homeshield.front.spool import spool_folder
    from homeshield.front.supervisor import write_configuration

    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
    spool = ExitStack()
    folder = spool.enter_context(spool_folder())
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    place = f"unix:{folder}/shop.sock" if front else f"127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "gunicorn", "--config", "python:tests.benchmarks.gunicorn_conf",
        "tests.benchmarks.server:application()", "--bind", place, "--log-level", "error",
    ]  # fmt: skip
    production = {
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "false",
        "API_CALLS_PER_MINUTE": "100000000",
        "API_CALLS_AT_ONCE": "100000000",
        "PREVIEWS_PER_DAY": "1000000000",
        "WEB_CONCURRENCY": str(workers),
        "WEB_THREADS": "8",
        "PYTHONWARNINGS": "ignore",
    }
    server = subprocess.Popen(command, env=os.environ | production | dict(environment or {}))
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "tests.homeshield.scheduler_process", DATABASE], env=os.environ | production
    )
    door = Front(
        plain=(Address("127.0.0.1", port),), secure=(), certificate=None, certificate_key=None, trusted=()
    )  # fmt: skip
    nginx = Nginx(write_configuration(door, folder)) if front else None
    try:
        _wait_for(server, workers, port)
        yield port, server.pid
    finally:
        if nginx:
            nginx.stop(1)
        for process in (server, scheduler):
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        spool.close()


def _wait_for(server: subprocess.Popen[bytes], workers: int, port: int) -> None:
    """Until it answers, and all of its workers had the time to."""
    for _ in range(300):
        try:
            asked = http.client.HTTPConnection("127.0.0.1", port)
            asked.request("GET", "/health")
            if asked.getresponse().status == http.client.OK:
                break
            time.sleep(0.1)
        except OSError:
            time.sleep(0.1)
        if server.poll() is not None:
            raise SystemExit("The server did not start.")
    else:
        raise SystemExit("The server did not answer.")
    while len(workers_of(server.pid)) < workers:
        time.sleep(0.1)
    time.sleep(2)


def workers_of(master: int) -> list[str]:
    """The processes of gunicorn's workers."""
    return Path(f"/proc/{master}/task/{master}/children").read_text().split()


def call(connection: http.client.HTTPConnection, what: Call, token: str) -> bytes:
    method, path, body = what
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise SystemExit(f"{method} {path}: {answer.status} {content.decode()[:300]}")
    return content


def caller(port: int, what: Call, token: str, seconds: float, ready: Barrier, times: "Queue[list[float]]") -> None:
    """A process that calls again and again over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(10):
        call(connection, what, token)
    taken = []
    ready.wait()
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        call(connection, what, token)
        taken.append((time.perf_counter() - began) * 1000)
    times.put(taken)


def measure(port: int, what: Call, tokens: list[str], seconds: float) -> list[float]:
    """The times of all calls in milliseconds, one caller for each key."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(len(tokens)), context.Queue()
    callers = [
        context.Process(target=caller, args=(port, what, token, seconds, ready, times), daemon=True) for token in tokens
    ]
    for one in callers:
        one.start()
    taken: list[float] = []
    for _ in callers:
        while True:
            try:
                taken += times.get(timeout=1)
                break
            except Empty:  # the others wait for one that broke off
                if any(one.exitcode for one in callers):
                    raise SystemExit("A caller broke off: what it said stands above.") from None
    for one in callers:
        one.join()
    return taken
