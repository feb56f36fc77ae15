import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from homeshield import gunicorn_conf
from homeshield.lib.web_database import connect_as_web

HOST = "127.0.0.1"
THREADS = 8


def serve(*, port: int, when_ready: Callable[[], None]) -> None:
    """Serves with gunicorn until Ctrl-C or SIGTERM. Calls `when_ready` once the port answers."""
    master = os.getpid()
    try:
        _Server(port, when_ready).run()
    except SystemExit as end:  # gunicorn exits so even on success
        if end.code or os.getpid() != master:
            raise


class _Server(BaseApplication):
    def __init__(self, port: int, when_ready: Callable[[], None]) -> None:
        self._options: dict[str, Any] = {
            "bind": f"{HOST}:{port}",
            "limit_request_line": gunicorn_conf.limit_request_line,
            "keepalive": gunicorn_conf.keepalive,
            "workers": 1,
            "threads": THREADS,
            "worker_class": "gthread",
            "graceful_timeout": 10,
            "loglevel": "warning",
            "proc_name": "homeshield-demo",
            "control_socket_disable": True,
            "when_ready": lambda _: when_ready(),
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        """Runs in the worker: the commands keep DEBUG and the owner's connection.

        Without DEBUG, an unknown URL shows the shop's page.
        """
        settings.DEBUG = False
        connect_as_web()
        settings.CLIENTS_NEED_APPROVAL = False
        return get_wsgi_application()
