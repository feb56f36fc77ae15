"""A database of its own for each benchmark, filled by SQL: what is measured is not how it was filled."""

import os
import shutil
import sys
from datetime import datetime
from typing import Any, LiteralString

import django

from homeshield.lib import embedded_postgres


def use_database(name: str, *, fresh: bool = True) -> None:
    """Points Django at a fresh database of this name on the configured server, migrated and empty; or at the one that
    is there."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homeshield.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    # As in production: DEBUG keeps and formats every statement.
    os.environ.setdefault("SECRET_KEY", "benchmark-" * 6)
    os.environ.setdefault("CONTACT_KEY", "benchmarks" * 6)
    os.environ.setdefault("ALLOWED_HOSTS", "127.0.0.1,localhost")
    os.environ.setdefault("EMAIL_URL", "console:")
    os.environ.setdefault("SELLER_NAME", "Example Leads Inc.")
    os.environ.setdefault("SELLER_ADDRESS", "1 Example Way")
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = embedded_postgres.url()
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    settings = connection.settings_dict
    ours = settings["NAME"]
    if fresh:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    _disconnect()
    settings["NAME"] = name
    if fresh:
        call_command("migrate", verbosity=0)
    say(f"database {name} on the server of {ours}")


def _disconnect() -> None:
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    wrapper = connections["default"]
    wrapper.close()
    assert isinstance(wrapper, DatabaseWrapper)
    wrapper.close_pool()


def drop_database(name: str) -> None:
    from django.db import connection

    _disconnect()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def psql_command(*commands: str) -> list[str]:
    """psql on the configured database, for one transaction of these commands, such as its `\\copy`."""
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    psql = shutil.which("psql") or str(embedded_postgres.postgres_binary("psql"))
    named: dict[str, Any] = connection.get_connection_params()
    known = {name: str(named[name]) for name in ("host", "port", "user", "password", "dbname") if named.get(name)}
    spoken = [argument for command in commands for argument in ("-c", command)]
    return [psql, "-qX1", "-v", "ON_ERROR_STOP=1", make_conninfo("", **known), *spoken]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


FILL: LiteralString = """
    WITH numbered AS (
        SELECT n, %(first)s + n AS number,
               %(as_of)s - interval '24 hours' * %(age)s - interval '1 second' * (n %% 80000) AS created
        FROM generate_series(1, %(count)s) AS n
    ), made AS (
        INSERT INTO leads (id, created_at_utc, classification, state, county, city, first_name, call_in_date,
                           natural_key, mortgage_id, borrower_phone, phone_key)
        SELECT lpad(to_hex(number), 32, '0')::uuid, created, %(classification)s, 'LA', 'Caddo', 'Pecanville', 'Ada', '',
               md5(number::text)::uuid, number::text, 'x', md5('phone of ' || number)::uuid
        FROM numbered
    )
    INSERT INTO inventory (id, lead_id, age_bucket, classification, state, county, enters_at_utc,
                           expires_at_utc, sold_at_utc)
    SELECT lpad(to_hex(number), 32, '0')::uuid, lpad(to_hex(number), 32, '0')::uuid, %(bucket)s, %(classification)s,
           'LA', 'Caddo', created + interval '24 hours' * %(enters)s, created + interval '24 hours' * %(expires)s,
           %(sold_at)s
    FROM numbered
"""


def fill(
    first: int, count: int, *, classification: str, bucket: str, as_of: datetime, sold_at: datetime | None = None
) -> None:
    """`count` leads of Caddo, LA, each of another person, that have been in the bucket for three weeks, with their
    records."""
    from django.db import connection

    from leads.age import AgeBucket

    age = AgeBucket(bucket)
    assert age.next is not None
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the rows agree by construction
        cursor.execute(
            FILL,
            {
                "first": first, "count": count, "classification": classification, "bucket": bucket,
                "age": age.first_day + 20, "enters": age.first_day, "expires": age.next.first_day,
                "as_of": as_of, "sold_at": sold_at,
            },
        )  # fmt: skip
        cursor.execute("SET session_replication_role = origin")
