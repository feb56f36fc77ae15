"""`manage.py demo`: refusals that change nothing, and one run from an empty database to the sign-in."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from homeshield.accounts.models import User
from homeshield.demo.companions import SCHEDULER, WORKER
from homeshield.demo.contents import BUYER, PASSWORD
from leads.models import Lead
from tests.homeshield.demo import journey


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_nothing_made() -> None:
    assert not Lead.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_it_refuses_a_site_that_may_be_public(free_port: int, settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("demo", port=free_port)
    assert_nothing_made()


@pytest.mark.django_db
def test_a_port_in_use_is_said_before_anything_else(taken_port: int, settings: Settings) -> None:
    settings.DEBUG = True
    with pytest.raises(CommandError, match=f"Port {taken_port} is in use.*--port"):
        call_command("demo", port=taken_port)
    assert_nothing_made()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rows", "-1"],
        ["--rows", "many"],
        ["--rows", "2_000"],
        ["--port", "0"],
        ["--port", "65536"],
        ["--port", "8e3"],
    ],
)
def test_numbers_out_of_range_are_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="is not a whole number from"):
        call_command("demo", *arguments)


class Roles(NamedTuple):
    """A database that nothing has been done to, by the URLs of an owner who is no superuser, and of the web's role."""

    owner: str
    web: str
    server: "psycopg.Connection[Any]"


@pytest.fixture
def empty_database(django_db_blocker: DjangoDbBlocker) -> Iterator[Roles]:
    name = f"{connection.settings_dict['TEST']['NAME']}_demo"
    owner, web, password = f"{name}_owner", f"{name}_web", "a:b@c/d"
    given = connection.get_connection_params()
    host, port = quote(given.get("host") or "", safe=""), given.get("port") or 5432

    def url(user: str) -> str:
        return f"postgres://{user}:{quote(password, safe='')}@:{port}/{name}?host={host}"

    with django_db_blocker.unblock():
        server = psycopg.connect(**given | {"dbname": "postgres"}, autocommit=True)
    with server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for role in (web, owner):
            server.execute(f'DROP ROLE IF EXISTS "{role}"')
        server.execute(f"CREATE ROLE \"{owner}\" LOGIN CREATEROLE PASSWORD '{password}'")
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 OWNER "{owner}"')
        yield Roles(url(owner), url(web), server)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        for role in (web, owner):
            server.execute(f'DROP ROLE IF EXISTS "{role}"')


@pytest.mark.direct
def test_from_an_empty_database_to_a_shop_in_which_all_is_done(empty_database: Roles, free_port: int) -> None:
    demo = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--rows", "300", "--port", str(free_port)],
        cwd=configured.BASE_DIR,
        env=os.environ | {"DATABASE_URL": empty_database.owner, "WEB_DATABASE_URL": empty_database.web, "DEBUG": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = demo.stdout.readline()  # type: ignore[union-attr]
            assert line, f"the demo ended: {said}{demo.communicate()[1]}"
            said += line
        assert "300 fictional ones loaded" in said
        assert f"{BUYER} / {PASSWORD}" in said
        go_through(f"http://127.0.0.1:{free_port}", empty_database)
        wait_until_sealed(empty_database)
        beside = companions_of(demo.pid)
        assert len(beside) == 2
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=30)
        assert not any(map(is_companion, beside))
        mail, _, rest = out.partition("-" * 79)  # the console shows the mails of a development site
        assert [line for line in mail.splitlines() if line.startswith(("Subject: ", "To: "))] == [
            "Subject: HomeShield: New API key", f"To: {BUYER}"
        ]  # fmt: skip
        assert rest.strip().splitlines() == ["Stopped."]
        noted = [
            line.partition("] ")[2].partition(" request_id")[0] for line in err.splitlines() if "[info " not in line
        ]
        assert noted == [
            "Not Found: /no-such-page [django.request]",
            "Forbidden (Permission denied): /admin/login/ [django.request]",
        ], err
        assert demo.returncode == 0
    finally:
        demo.kill()
        demo.wait()


def wait_until_sealed(database: Roles) -> None:
    """The demo's scheduler does it by itself."""
    deadline = time.monotonic() + 30
    with psycopg.connect(database.owner, autocommit=True) as owner:
        while owner.execute("SELECT count(*) FROM audit_unsealed").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        [sealed] = owner.execute("SELECT count(*) FROM audit_seals").fetchone()  # type: ignore[misc]
        assert sealed > 0


def companions_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(one) for one in children if is_companion(int(one))]


def is_companion(pid: int) -> bool:
    """The scheduler or the worker."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"run_scheduler" in command or b"db_worker" in command


def test_a_demo_that_is_killed_leaves_no_scheduler_and_no_worker() -> None:
    """`kill -9` lets nobody tidy up: the kernel ends what was started."""
    parent = subprocess.Popen(
        [
            sys.executable, "-c",
            "import time, django; django.setup()\n"
            "from homeshield.demo.companions import companions\n"
            "with companions():\n"
            "    print('runs', flush=True)\n"
            "    time.sleep(60)",
        ],
        cwd=configured.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "homeshield.settings", "DATABASE_URL": "postgres://a@127.0.0.1:1/b"},
    )  # fmt: skip
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "runs\n"
        beside = companions_of(parent.pid)
        assert len(beside) == 2
        parent.kill()
    deadline = time.monotonic() + 20
    while any(map(is_companion, beside)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def go_through(site: str, database: Roles) -> None:
    """What buyers, programs and staff do, on connections of the web's role alone."""
    with (
        httpx.Client(base_url=site, follow_redirects=True) as buyer,
        httpx.Client(base_url=site, follow_redirects=True) as program,
        httpx.Client(base_url=site, follow_redirects=True) as staff,
        psycopg.connect(database.owner) as owner,
        psycopg.connect(database.web, autocommit=True) as web,
    ):
        assert len(journey.buy_on_pages(buyer)) == 1 + 2
        [client_id] = owner.execute("SELECT id::text FROM clients").fetchone()  # type: ignore[misc]
        assert len(journey.buy_by_api(program, buyer, client_id)) == 1 + 2
        lists = journey.look_around_as_staff(staff)
        assert lists["/admin/sales/order/"].count('class="field-id"') == 2
        assert buyer.get("/static/css/page.css").status_code == 200
        for address, status in (("/no-such-page", 404), ("/admin/login/", 403)):
            refusal = buyer.get(address)
            assert refusal.status_code == status
            assert "HomeShield" in refusal.text
            assert "DEBUG" not in refusal.text  # as in Django's own page, which lists all addresses there are
        connected = """
            SELECT DISTINCT usename FROM pg_stat_activity
            WHERE datname = %s AND pid <> ALL (%s) AND application_name <> ALL (%s)
        """
        ours = [owner.info.backend_pid, web.info.backend_pid]
        assert database.server.execute(connected, [owner.info.dbname, ours, [SCHEDULER, WORKER]]).fetchall() == [
            (web.info.user,)
        ]
        assert owner.execute("SELECT count(*) FROM sales").fetchone() == (4,)
        assert web.execute("SELECT count(*) FROM sales").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute("UPDATE sales SET purchase_price = 0")
