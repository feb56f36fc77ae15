"""A migrated database to copy: migrating takes half a minute, a copy a second.

Its name holds a digest of the migrations, so that a changed one makes another. What is not migrated, such as the rules
of tables, is applied to each copy as it is to a shop that is there already.
"""

import hashlib
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

PREFIX = "prepared_for_tests_"
LOCK = int.from_bytes(b"prepare")


def can_copy() -> bool:
    """A pooler holds connections to what would be copied."""
    return not connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]


@cache
def prepared_name() -> str:
    digest = hashlib.sha256()
    migrations = MigrationLoader(None, replace_migrations=False).disk_migrations
    for app, name in sorted(migrations):
        source = sys.modules[migrations[app, name].__module__].__file__
        assert source
        digest.update(hashlib.sha256(Path(source).read_bytes()).digest())
    digest.update(" ".join(sorted(apps.app_configs)).encode())
    return f"{PREFIX}{digest.hexdigest()[:16]}"


def is_there(name: str) -> bool:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return bool(cursor.rowcount)


def keep(name: str) -> None:
    """Copies the present test database, unless another process has, and removes those of other migrations."""
    ours = connection.settings_dict["NAME"]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # nobody may be connected to what is copied
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # until the connection ends
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        there = {datname for (datname,) in cursor.fetchall()}
        for old in there - {name}:
            with suppress(OperationalError):  # somebody copies it
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(old)))
        if name not in there:
            made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            cursor.execute(made.format(sql.Identifier(name), sql.Identifier(ours)))
