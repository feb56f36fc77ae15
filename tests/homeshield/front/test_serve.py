"""`manage.py serve`: what it refuses before it starts, and that its halves stand and fall together."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from homeshield.front.configuration import front_from_settings
from tests.homeshield.front.serving import COMMAND, environment, free_port, served
from tests.homeshield.test_settings import KEY, WEB, setting


@pytest.fixture
def database(nginx: str, db: None) -> None:
    """There is one, whose URL may be asked."""


def refusal(port: int, **more: str) -> str:
    """The one line with which it ends."""
    done = subprocess.run(
        COMMAND, cwd=configured.BASE_DIR, env=environment(port, **more), capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


PRODUCTION = {
    "SECRET_KEY": KEY, "CONTACT_KEY": KEY[::-1], "WEB_DATABASE_URL": WEB, "ALLOWED_HOSTS": "localhost",
    "EMAIL_URL": "console:", "SELLER_NAME": "Example Leads Inc.", "SELLER_ADDRESS": "1 Example Way",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"WEB_LISTEN": "0.0.0.0:8000"}, "DEBUG is on, and its pages show too much for anybody but you."),
        ({"WEB_LISTEN": "somewhere"}, "WEB_LISTEN holds 'somewhere'. Write addresses like 127.0.0.1:8000"),
        ({"TRUSTED_PROXIES": "10.0.0.4/8"}, "TRUSTED_PROXIES holds '10.0.0.4/8'."),
        ({"WEB_SPOOL_DIR": "/nowhere"}, "WEB_SPOOL_DIR is '/nowhere', but must be a folder that we may write to"),
        ({"TLS_CERTIFICATE": __file__}, "TLS_CERTIFICATE and TLS_CERTIFICATE_KEY belong together"),
        ({"TLS_CERTIFICATE": "/nothing", "TLS_CERTIFICATE_KEY": "/nothing"}, "TLS_CERTIFICATE names no file"),
        (PRODUCTION, "Nobody speaks TLS for this site."),
    ],
)
def test_what_cannot_work_is_refused(settings: Settings, wrong: dict[str, str], said: str) -> None:
    for name, value in front_settings(**wrong).items():
        setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=re.escape(said)):
        front_from_settings()


def front_settings(**environment: str) -> dict[str, Any]:
    names = ("DEBUG", "WEB_LISTEN", "WEB_LISTEN_TLS", "WEB_SPOOL_DIR", "TLS_CERTIFICATE", "TLS_CERTIFICATE_KEY")
    found: dict[str, Any] = setting("globals()", **environment)
    return {name: found[name] for name in (*names, "TRUSTED_PROXIES", "SECURE_SSL_REDIRECT") if name in found}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"WEB_LISTEN": "somewhere"}, "WEB_LISTEN holds 'somewhere'. Write addresses like 127.0.0.1:8000"),
        (
            {"TLS_CERTIFICATE": __file__, "TLS_CERTIFICATE_KEY": __file__, "WEB_LISTEN_TLS": "127.0.0.1:8443"},
            "nginx does not take its configuration",
        ),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_2(database: None, wrong: dict[str, str], said: str) -> None:
    assert said in refusal(free_port(), **wrong)


def test_a_port_in_use_is_told_before_anything_starts(database: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}: Port {port} is in use by another program." in refusal(port)


def test_a_shop_that_does_not_start_leaves_the_old_one_serving(database: None, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    (tmp_path / "sitecustomize.py").write_text(
        f"import os\nif os.path.exists({str(broken)!r}):\n    os._exit(3)\n", encoding="utf-8"
    )
    with served(PYTHONPATH=str(tmp_path)) as front:
        before = front.family()
        broken.touch()
        front.reload()
        assert "did not start, and the old one goes on" in front.said[-1]
        assert front.family() == before
        assert httpx.get(f"http://127.0.0.1:{front.port}/health", timeout=20).status_code == 200


def test_kill_9_leaves_nothing_running(database: None) -> None:
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as spool,  # what is left there goes with it
        served(ends_with=-signal.SIGKILL, WEB_SPOOL_DIR=spool) as front,
    ):
        family = front.family()
        assert len(family) >= 2 + 2 + 1  # nginx and gunicorn with their workers
        front.process.kill()
        deadline = time.monotonic() + 30
        while any(map(is_alive, family)):
            assert time.monotonic() < deadline, family
            time.sleep(0.1)


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_ends_where_nginx_ends_by_itself(database: None) -> None:
    with served(ends_with=1) as front:
        family = front.family()
        nginx = next(pid for pid in family if is_nginx_master(pid))  # children first: a new worker still has its name
        os.kill(nginx, signal.SIGKILL)
        front.process.wait(60)
    assert [pid for pid in family if is_alive(pid)] == [], "nothing holds the port"
    assert "nginx ended by itself, so the shop was stopped." in "".join(front.said)


def is_nginx_master(pid: int) -> bool:
    return b"nginx: master" in Path(f"/proc/{pid}/cmdline").read_bytes()
