from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from homeshield.front import nginx
from homeshield.front.backend import DidNotStart
from homeshield.front.configuration import front_from_settings
from homeshield.front.start_check import production_check
from homeshield.front.supervisor import HalfEnded, Supervisor
from homeshield.lib.ports import PortInUse


class Command(BaseCommand):
    requires_system_checks = ()  # saves a second; gunicorn runs none either
    help = (
        "Serves the shop with nginx in front of gunicorn. Checks both before it starts them, and ends both on SIGTERM "
        "or Ctrl-C. SIGHUP loads new code and settings without a pause."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="check the configuration and start nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        front = front_from_settings()
        supervisor = Supervisor(front)
        try:
            production_check()
        except RuntimeError as error:
            raise CommandError(str(error), returncode=2) from None
        try:
            supervisor.check()
            if check:
                self.stdout.write(f"nginx takes its configuration, and {front.shown} is free.")
                return
            supervisor.run(when_ready=lambda: self._say(f"The shop is at {front.shown} (Ctrl-C ends it)."))
        except (nginx.NginxRefused, PortInUse) as error:
            raise CommandError(str(error), returncode=2) from None
        except DidNotStart:
            raise CommandError("The shop did not start. What it said stands above.", returncode=1) from None
        except HalfEnded as error:
            raise CommandError(f"{error} ended by itself, so the shop was stopped.", returncode=1) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
