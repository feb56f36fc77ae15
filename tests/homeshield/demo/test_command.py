"""`manage.py demo`: refusals that change nothing, and one run from an empty database to the sign-in."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from homeshield.accounts.models import User
from homeshield.demo.contents import BUYER, PASSWORD
from homeshield.lib import embedded_postgres
from leads.models import Lead


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


@pytest.mark.parametrize("arguments", [["--rows", "-1"], ["--rows", "many"], ["--port", "0"], ["--port", "65536"]])
def test_numbers_out_of_range_are_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="is no whole number from"):
        call_command("demo", *arguments)


@pytest.fixture
def empty_database(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The URL of a database that nothing has been done to."""
    name = f"{connection.settings_dict['TEST']['NAME']}_demo"
    if url := os.environ.get("DATABASE_URL"):
        url = urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()
    else:
        url = embedded_postgres.url(name)
    with django_db_blocker.unblock():
        server = psycopg.connect(**connection.get_connection_params() | {"dbname": "postgres"}, autocommit=True)
    with server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield url
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_from_an_empty_database_to_the_sign_in(empty_database: str, free_port: int) -> None:
    demo = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--rows", "300", "--port", str(free_port)],
        cwd=configured.BASE_DIR,
        env=os.environ | {"DATABASE_URL": empty_database, "DEBUG": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = demo.stdout.readline()  # type: ignore[union-attr]
            assert line, f"the demo ended: {said}"
            said += line
        assert "300 fictional ones loaded" in said
        assert f"{BUYER} / {PASSWORD}" in said
        site = f"http://127.0.0.1:{free_port}"
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert "Example Insurance Agency" in signed_in(browser, site)
        assert browser.open(f"{site}/static/css/page.css").status == 200
        assert_refused_with_a_page_of_the_shop(browser, f"{site}/no-such-page", 404)
        assert_refused_with_a_page_of_the_shop(browser, f"{site}/admin/login/", 403)
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=20)
        assert out.strip().splitlines() == ["Stopped."]
        assert [line.partition(" WARNING ")[2] for line in err.splitlines()] == [
            "django.request Not Found: /no-such-page",
            "django.request Forbidden (Permission denied): /admin/login/",
        ]
        assert demo.returncode == 0
    finally:
        demo.kill()
        demo.wait()


def assert_refused_with_a_page_of_the_shop(browser: urllib.request.OpenerDirector, address: str, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        browser.open(address)
    with refusal.value as page:
        assert page.status == status
        shown = page.read().decode()
    assert "HomeShield" in shown
    assert "DEBUG" not in shown  # as in Django's own page, which lists all addresses there are


def signed_in(browser: urllib.request.OpenerDirector, site: str) -> str:
    """The page that greets the buyer after signing in."""
    form = browser.open(f"{site}/accounts/login/").read().decode()
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[:1]
    answer = {"csrfmiddlewaretoken": token, "login": BUYER, "password": PASSWORD}
    page: bytes = browser.open(f"{site}/accounts/login/", urllib.parse.urlencode(answer).encode()).read()
    return page.decode()
