"""db_worker on a test database: `python -m tests.homeshield.worker_process DATABASE [OPTIONS]`."""

import sys

import django
from django.conf import settings


def main() -> None:
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "db_worker", "--no-reload", "--no-startup-delay", *sys.argv[2:]])


if __name__ == "__main__":
    main()
