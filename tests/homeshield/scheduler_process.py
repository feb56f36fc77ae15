"""run_scheduler on a test database: `python -m tests.homeshield.scheduler_process DATABASE [OPTIONS]`."""

import sys

import django
from django.conf import settings


def main() -> None:
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "run_scheduler", *sys.argv[2:]])


if __name__ == "__main__":
    main()
