"""The suite through PgBouncer: `uv run python -m tests.scaling.pooled_suite [arguments of pytest]`.

Starts Debian's pgbouncer in transaction mode in front of the server that DATABASE_URL names, or the embedded one, and
runs pytest with DATABASE_URL naming the pooler.
"""

import os
import subprocess
import sys

import django
from django.db import connection

from tests.scaling.pooler import pooler_before


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homeshield.settings")
    django.setup()
    server = connection.get_connection_params()
    with pooler_before(server) as pooler:
        ours = {"DATABASE_URL": pooler.url(server["dbname"]), "DATABASE_POOLER": "true"}
        # --reuse-db: at its end Django would drop a database that the pooler still holds connections to.
        command = [sys.executable, "-m", "pytest", "--reuse-db", "--create-db", "-m", "not direct", *sys.argv[1:]]
        return subprocess.run(command, env=os.environ | ours).returncode


if __name__ == "__main__":
    sys.exit(main())
