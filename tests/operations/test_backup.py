"""The drill of docs/security.md: dump, restore into a new database, and prove that it is the same shop."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from exports.services import export_start_order, export_stream
from homeshield.audit.sealing import audit_head, audit_seal
from homeshield.lib import embedded_postgres
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from tests.factories import ClientFactory, stock
from tests.sales.purchases import buy, set_prices

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
SAME = """
    SELECT 'policy', tablename || '.' || policyname || ' ' || coalesce(qual, '') FROM pg_policies
    UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname FROM pg_constraint WHERE conrelid <> 0
    UNION ALL SELECT 'function', proname || prosecdef || coalesce(proconfig::text, '') FROM pg_proc
              WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2
"""


@pytest.fixture
def restored() -> Iterator[str]:
    """The name of a new database on the same server."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(place("postgres"), autocommit=True) as server:
        database = sql.Identifier(name)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
        yield name
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


def place(database: str | None = None) -> str:
    """How libpq's programs reach the tests' server."""
    given: dict[str, Any] = connection.get_connection_params()
    known = {name: given[name] for name in ("host", "port", "user", "password", "dbname") if given.get(name)}
    return make_conninfo("", **known | ({"dbname": database} if database else {}))


def run(program: str, *arguments: str) -> None:
    """A program of the server's own version, or where this machine has none of that, of the embedded server."""
    major = connection.pg_version // 10_000  # type: ignore[attr-defined]  # of the PostgreSQL engine
    binary = Path(f"/usr/lib/postgresql/{major}/bin/{program}")
    if not binary.exists():
        binary = embedded_postgres.postgres_binary(program)
    subprocess.run([str(binary), *arguments], check=True, capture_output=True, text=True, cwd="/")


def rows_of_every_table(database: str) -> dict[str, tuple[int, int]]:
    """Of each table the number of its rows, and a digest of all of them."""
    with psycopg.connect(database) as server:
        tables = [name for (name,) in server.execute("SELECT relname FROM pg_class JOIN pg_namespace space "
            "ON space.oid = relnamespace WHERE relkind = 'r' AND nspname = 'public'")]  # fmt: skip
        statement = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} AS t"
        return {table: server.execute(sql.SQL(statement).format(sql.Identifier(table))).fetchone() for table in tables}  # type: ignore[misc]


@pytest.mark.direct  # pg_dump and pg_restore say things once for a session: docs/scaling.md sends them past a pooler
@pytest.mark.django_db(transaction=True)
def test_a_dump_restored_elsewhere_is_the_same_shop(tmp_path: Path, restored: str, now: datetime) -> None:
    set_prices(since=now - timedelta(days=1))
    stock(5, as_of=now, lender="=1+1")
    client = ClientFactory()
    order = buy(client, 3, GOLD, as_of=now)
    export = export_start_order(client_id=client.id, user=None, order_id=order.id, as_of=now)
    assert len(b"".join(export_stream(export)).splitlines()) == 4
    audit_seal(as_of=now)
    head = audit_head()

    buy(client, 1, GOLD, as_of=now)  # between the note of the head and the dump, and not sealed yet
    dump = str(tmp_path / "shop.dump")
    run("pg_dump", "-B", "--format=custom", f"--file={dump}", place())
    run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={place(restored)}", dump)

    before = rows_of_every_table(place())
    assert {name for name, (count, _) in before.items() if count} >= {"sales", "exports", "audit_events", "audit_seals"}
    assert rows_of_every_table(place(restored)) == before
    with psycopg.connect(place()) as old, psycopg.connect(place(restored)) as new:
        assert new.execute(SAME).fetchall() == old.execute(SAME).fetchall()
        with pytest.raises(psycopg.errors.RaiseException, match="Cannot update or delete rows from sales"):
            new.execute("UPDATE sales SET purchase_price = 0")
    verified = manage(restored, "verify_audit", "--expect-head", str(head))
    assert verified.returncode == 0, verified.stderr
    changed = manage(restored, "verify_audit", "--without-sealing", "--expect-head", f"{head.sequence}:{'0' * 64}")
    assert changed.returncode == 1


def manage(database: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    given = connection.get_connection_params()
    user, password = quote(given.get("user") or "", safe=""), quote(given.get("password") or "", safe="")
    host, port = quote(given.get("host") or "", safe=""), given.get("port") or 5432
    url = f"postgres://{user}{':' * bool(password)}{password}@:{port}/{database}?host={host}"
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], env=os.environ | {"DATABASE_URL": url, "SECRET_KEY": ""},
        cwd=settings.BASE_DIR, capture_output=True, text=True,
    )  # fmt: skip
