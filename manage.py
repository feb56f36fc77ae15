#!/usr/bin/env python
import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as in the background
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during imports needs no traceback

import os
import sys
from typing import override

from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, CommandError, ManagementUtility

from homeshield.lib.commands import database_explained


class _Utility(ManagementUtility):
    @override
    def fetch_command(self, subcommand: str) -> BaseCommand:
        command = super().fetch_command(subcommand)
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on the command cleans up
        return command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homeshield.settings")
    try:
        with database_explained(sys.argv):
            _Utility(sys.argv).execute()
    except CommandError as error:
        sys.stderr.write(f"CommandError: {error}\n")
        sys.exit(error.returncode)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"The settings cannot be used: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:  # before the command began
        sys.exit(130)


if __name__ == "__main__":
    main()
