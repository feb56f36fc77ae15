"""Several workers behind one port, and no more of them than the database has connections for."""

import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from homeshield.gunicorn_conf import connections_check
from tests.homeshield.gunicorn_command import COMMAND


def test_two_workers_answer_behind_one_port() -> None:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{attempt.getsockname()[1]}"
    ours = os.environ | {"SECRET_KEY": "", "WEB_CONCURRENCY": "2", "WEB_THREADS": "2"}
    command = [*COMMAND, "--bind", place]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=ours, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        said = ""
        while said.count("Booting worker") < 2:
            line = server.stderr.readline()
            assert line, said
            said += line
        with urllib.request.urlopen(f"http://{place}/health", timeout=20) as answer:
            assert answer.status == 200
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)


@pytest.mark.direct  # asks the server itself what it gives
def test_workers_that_may_want_more_connections_than_there_are_do_not_start() -> None:
    wishes = {"WEB_CONCURRENCY": "1", "WEB_THREADS": "1", "DATABASE_POOL_SIZE": "5000", "DATABASE_POOLER": "false"}
    done = subprocess.run(
        COMMAND, cwd=settings.BASE_DIR, env=os.environ | {"SECRET_KEY": ""} | wishes,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(
        r"^Error: 1 workers with DATABASE_POOL_SIZE=5000 may want 5000 connections, .* but the server gives \d+\.",
        done.stderr,
        re.MULTILINE,
    )


@pytest.mark.django_db
def test_a_few_workers_are_no_matter() -> None:
    connections_check(workers=2, threads=8)


def test_more_threads_than_connections_in_the_pool_are_refused(settings: Settings) -> None:
    settings.DATABASE_POOL_SIZE = 4
    with pytest.raises(RuntimeError, match=r"8 threads share DATABASE_POOL_SIZE=4 connections. Set it to 8 or more"):
        connections_check(workers=1, threads=8)


@pytest.mark.direct  # a pooler answers for the server
@pytest.mark.django_db
def test_a_login_that_the_server_turns_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "USER", "nobody_of_that_name")
    with pytest.raises(RuntimeError, match=r"turns away the login that DATABASE_URL names\. .* Correct it, and start"):
        connections_check(workers=2, threads=8)


@pytest.mark.direct
@pytest.mark.django_db
def test_a_server_that_does_not_answer_is_no_reason_not_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    connections_check(workers=2, threads=8)
