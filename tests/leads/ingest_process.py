"""ingest_csv on a test database, in a process: `python -m tests.leads.ingest_process DATABASE FILE...`."""

import sys

import django
from django.conf import settings


def main() -> None:
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "ingest_csv", *sys.argv[2:]])


if __name__ == "__main__":
    main()
