"""What the supervisor of nginx and gunicorn tells, and when."""

import os
import signal
from types import SimpleNamespace

import pytest

from homeshield.front import nginx, supervisor
from homeshield.front.configuration import Front
from homeshield.front.supervisor import Supervisor


def test_a_stop_before_nginx_listens_is_no_readiness(monkeypatch: pytest.MonkeyPatch) -> None:
    running = SimpleNamespace(has_ended=False, stop=lambda *_: None, wait=lambda _: None)
    monkeypatch.setattr(supervisor, "write_configuration", lambda front, folder: folder)
    monkeypatch.setattr(nginx, "Nginx", lambda place: running)
    monkeypatch.setattr(Supervisor, "_start_shop", lambda self, folder: running)
    looks: list[None] = []

    def is_listening(self: Supervisor) -> bool:
        looks.append(None)
        os.kill(os.getpid(), signal.SIGTERM)
        return False

    monkeypatch.setattr(Supervisor, "_is_listening", is_listening)
    told: list[str] = []
    front = Front(plain=(), secure=(), certificate=None, certificate_key=None, trusted=())
    Supervisor(front).run(when_ready=lambda: told.append("ready"))
    assert (len(looks), told) == (1, [])
