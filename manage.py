#!/usr/bin/env python
"""The operators' entrance: `uv run manage.py help` lists the commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, execute_from_command_line

from homeshield.lib.commands import database_explained


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homeshield.settings")
    try:
        with database_explained(sys.argv):
            execute_from_command_line(sys.argv)
    except CommandError as error:
        sys.stderr.write(f"CommandError: {error}\n")
        sys.exit(error.returncode)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"The settings cannot be used: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:  # before the command had begun
        sys.exit(130)


if __name__ == "__main__":
    main()
