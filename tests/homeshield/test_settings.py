"""What the environment makes of the settings: a site that works, or a message that says what to mend."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import mailers
from django.core.mail.backends.smtp import EmailBackend
from pytest_django import Settings

from homeshield.settings import mailer_from_environment

SETTINGS = Path(django_settings.BASE_DIR, "homeshield", "settings.py")
# Empty, not absent: a developer's .env must not answer in their place.
NOTHING = dict.fromkeys(
    [
        "SECRET_KEY",
        "CONTACT_KEY",
        "DATABASE_URL",
        "WEB_DATABASE_URL",
        "DATABASE_POOLER",
        "REPLICA_URL",
        "EMAIL_URL",
        "CERTIFICATE_KEY",
        "SELLER_NAME",
        "SELLER_ADDRESS",
        "SELLER_TAX_ID",
        "SELLER_EMAIL",
        "CONTACT_EMAIL",
        "CONTACT_PHONE",
        "ABOUT_FILE",
        "TERMS_FILE",
        "PRIVACY_FILE",
    ],
    "",
)
KEY = "a-key-for-this-test-alone-0123456789-abcdefghijklmnopqrstuvwxyz"
SHOP = "postgres://shop@127.0.0.1/shop"
WEB = "postgres://web:p%40ss@127.0.0.1/shop"
# What a production site must name; a test that is about the lack of one gives it as "".
PRODUCTION = {
    "DATABASE_URL": SHOP,
    "ALLOWED_HOSTS": "shop.example",
    "EMAIL_URL": "smtp+tls://u:p@mail.example:587",
    "CONTACT_KEY": KEY[::-1],
    "SELLER_NAME": "Example Leads Inc.",
    "SELLER_ADDRESS": "1 Example Way; Springfield, IL 62701",
}
READY = {
    "SECRET_KEY": KEY,
    "WEB_DATABASE_URL": WEB,
    "DEFAULT_FROM_EMAIL": "HomeShield <no-reply@shop.example.com>",
    "CONTACT_EMAIL": "hello@shop.example.com",
    "TERMS_FILE": "README.md",  # any text
    "PRIVACY_FILE": "README.md",
}
WEB_AND_OWNER = {
    "DJANGO_SETTINGS_MODULE": "homeshield.settings",
    "SECRET_KEY": KEY,
    "DATABASE_URL": SHOP,
    "WEB_DATABASE_URL": WEB,
}


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A process of the project with these variables; DEBUG and the like only where they are among them. A SECRET_KEY
    brings the rest of PRODUCTION along."""
    if environment.get("SECRET_KEY"):
        environment = PRODUCTION | environment
    ours = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "ALLOWED_HOSTS"}}
    return subprocess.run(
        [sys.executable, *arguments],
        env=ours | NOTHING | environment,
        cwd=django_settings.BASE_DIR, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def setting(wanted: str, **environment: str) -> Any:
    """What the settings file gives in `python`'s environment, read anew in this process."""
    if environment.get("SECRET_KEY"):
        environment = PRODUCTION | environment
    ours = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "ALLOWED_HOSTS"}}
    with patch.dict(os.environ, ours | NOTHING | environment, clear=True):
        return eval(wanted, runpy.run_path(str(SETTINGS)))


def refusal(**environment: str) -> str:
    """What an operator is told (tests/homeshield/test_settings_refused.py: by every command, in one line)."""
    with pytest.raises(ImproperlyConfigured) as refused:
        setting("None", **environment)
    return str(refused.value)


def test_without_anything_it_is_a_development_site_for_this_machine_alone() -> None:
    assert setting("DEBUG") is True
    assert setting("ALLOWED_HOSTS") == ["localhost", "127.0.0.1", "[::1]"]


def test_an_empty_variable_is_an_absent_one() -> None:
    assert setting("ALLOWED_HOSTS", ALLOWED_HOSTS="") == ["localhost", "127.0.0.1", "[::1]"]
    assert setting("WEB_SPOOL_DIR", WEB_SPOOL_DIR="") == "/var/tmp"
    assert setting("DEFAULT_FROM_EMAIL", DEFAULT_FROM_EMAIL="").endswith("@homeshield.example>")


def test_a_key_makes_it_a_production_site() -> None:
    assert setting("DEBUG", SECRET_KEY=KEY) is False


def test_https_for_ever_and_for_all_names_below_can_be_left_out() -> None:
    assert setting("SECURE_HSTS_PRELOAD", SECRET_KEY=KEY) is True
    assert setting("SECURE_HSTS_PRELOAD", SECRET_KEY=KEY, SECURE_HSTS_PRELOAD="off") is False
    assert setting("SECURE_HSTS_INCLUDE_SUBDOMAINS", SECRET_KEY=KEY, SECURE_HSTS_INCLUDE_SUBDOMAINS="off") is False


@pytest.mark.parametrize("off", ["off", "false", "0"])
def test_production_without_a_key_is_refused(off: str) -> None:
    said = refusal(DEBUG=off)
    assert "SECRET_KEY is missing" in said
    assert "secrets.token_urlsafe" in said


@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "sqlite://:memory:", "mysql://shop@127.0.0.1/shop"])
def test_another_database_than_postgresql_is_refused(url: str) -> None:
    said = refusal(DATABASE_URL=url)
    assert f"names a '{url.partition(':')[0]}' database" in said
    assert "PostgreSQL 15 or later" in said
    assert "postgres://USER:PASSWORD@HOST:5432/NAME" in said


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://shop:p%40ss%2Fword@db.example:6432/leads",
            {"HOST": "db.example", "PORT": 6432, "USER": "shop", "PASSWORD": "p@ss/word", "NAME": "leads"},
        ),
        ("postgresql://%2Fvar%2Frun%2Four%20server/leads", {"HOST": "/var/run/our server", "NAME": "leads"}),
        ("postgres://shop@%2Frun%2Fpg:5433/leads", {"HOST": "/run/pg", "PORT": 5433, "USER": "shop", "NAME": "leads"}),
    ],
)
def test_a_database_url_names_a_server_or_a_socket(url: str, expected: dict[str, object]) -> None:
    database = setting("database_from_environment()", DATABASE_URL=url)
    assert {name: database[name] for name in expected} == expected


def test_behind_a_pooler_nothing_is_left_open_or_prepared_in_a_session() -> None:
    database = setting("database_from_environment()", DATABASE_URL=SHOP, DATABASE_POOLER="on")
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert database["OPTIONS"]["prepare_threshold"] is None
    assert "options" not in database["OPTIONS"]


def test_the_server_compiles_no_queries_unless_the_url_says_so() -> None:
    options = {
        url: setting("database_from_environment()", DATABASE_URL=url)["OPTIONS"]["options"]
        for url in (SHOP, f"{SHOP}?options=-c%20jit%3Don")
    }
    assert list(options.values()) == ["-c jit=off", "-c jit=off -c jit=on"]


def test_a_replica_is_not_browsed_past_the_web_roles_walls() -> None:
    copy = {"DATABASE_URL": SHOP, "REPLICA_URL": "postgres://shop@copy.example/shop"}
    assert "Name the user of WEB_DATABASE_URL in REPLICA_URL" in refusal(
        **copy, WEB_DATABASE_URL="postgres://web@h/shop"
    )


def test_a_replica_is_a_second_database_only_where_one_is_named() -> None:
    assert list(setting("DATABASES", DATABASE_URL=SHOP)) == ["default"]
    replica = setting("DATABASES", DATABASE_URL=SHOP, REPLICA_URL="postgres://shop@copy.example:5433/shop")["replica"]
    assert (replica["HOST"], replica["PORT"], replica["NAME"]) == ("copy.example", 5433, "shop")
    assert replica["TEST"] == {"MIRROR": "default"}  # and no test makes a database there


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example:25", ("mail.example", 25, "", "", False, False)),
        ("smtp+tls://shop:p%40ss@mail.example:587", ("mail.example", 587, "shop", "p@ss", True, False)),
        (
            "smtp+ssl://shop%40home.example:x@mail.example:465",
            ("mail.example", 465, "shop@home.example", "x", False, True),
        ),
    ],
)
def test_a_mail_url_makes_a_mailer_that_can_be_used(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str, expected: tuple[object, ...]
) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    settings.MAILERS = {"default": mailer_from_environment()}
    mailer = mailers["default"]
    assert isinstance(mailer, EmailBackend)
    assert (mailer.host, mailer.port, mailer.username, mailer.password, mailer.use_tls, mailer.use_ssl) == expected
    assert mailer.timeout == 10


def test_production_settings_pass_djangos_own_review() -> None:
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **READY)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (["WEB_DATABASE_URL", "DEFAULT_FROM_EMAIL"], ["WEB_DATABASE_URL is not set", "DEFAULT_FROM_EMAIL is not set"]),
        (["EMAIL_URL"], ["console.EmailBackend"]),
    ],
)
def test_who_connects_as_the_owner_or_mails_to_nobody_does_not_pass_it(lacking: list[str], said: list[str]) -> None:
    without = {name: "console:" if name == "EMAIL_URL" else "" for name in lacking}
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **READY | without)
    assert done.returncode == 1
    assert [text for text in said if text not in done.stderr] == []


def test_the_web_process_alone_connects_as_its_role() -> None:
    show = "from django.conf import settings; print(settings.DATABASES['default']['USER'])"
    commands = python("-c", f"import django; django.setup(); {show}", **WEB_AND_OWNER)
    web = python("-c", f"import homeshield.wsgi; {show}", **WEB_AND_OWNER)
    alone = python("-c", f"import homeshield.wsgi; {show}", **WEB_AND_OWNER | {"DATABASE_URL": ""})
    assert [done.stdout.strip() for done in (commands, web, alone)] == ["shop", "web", "web"], web.stderr


def test_a_web_login_without_a_name_is_refused() -> None:
    assert "WEB_DATABASE_URL names no user" in refusal(WEB_DATABASE_URL="postgres://127.0.0.1/shop")
    assert "WEB_DATABASE_URL names a 'mysql' database" in refusal(WEB_DATABASE_URL="mysql://web@127.0.0.1/shop")


@pytest.mark.parametrize(
    ("variable", "mending"),
    [
        ("DATABASE_URL", "never uses the embedded PostgreSQL of development: set DATABASE_URL to postgres://"),
        ("ALLOWED_HOSTS", "set it to the names under which it is reached"),
        ("EMAIL_URL", "Set it to smtp+tls://USER:PASSWORD@HOST:587"),
        ("CONTACT_KEY", "and never change it"),
    ],
)
def test_production_never_falls_back_to_what_development_does(variable: str, mending: str) -> None:
    said = refusal(SECRET_KEY=KEY, **{variable: ""})
    assert said.startswith(f"{variable} is missing")
    assert mending in said


@pytest.mark.parametrize("variable", ["CONTACT_KEY", "CERTIFICATE_KEY"])
def test_a_key_that_could_be_guessed_is_refused(variable: str) -> None:
    assert f"{variable} has fewer than 50 characters" in refusal(SECRET_KEY=KEY, **{variable: "k" * 49})


def test_a_production_site_without_a_certificate_key_offers_no_certificates() -> None:
    assert setting("CERTIFICATE_KEY", SECRET_KEY=KEY) == ""


def test_a_web_process_needs_its_own_login_alone() -> None:
    assert setting("DATABASES", SECRET_KEY=KEY, DATABASE_URL="", WEB_DATABASE_URL=WEB)["default"]["USER"] == "web"


def test_without_a_key_the_embedded_database_and_the_console_do() -> None:
    assert setting("DATABASES")["default"]["ENGINE"] == "homeshield.lib.embedded_engine"
    assert setting("MAILERS")["default"]["BACKEND"] == "django.core.mail.backends.console.EmailBackend"


def test_who_sells_stands_on_invoices_and_must_be_said_in_production() -> None:
    assert setting("SELLER")["name"] == "HomeShield (development)"
    seller = setting("SELLER", SECRET_KEY=KEY, SELLER_EMAIL="billing@shop.example")
    assert seller == {
        "name": "Example Leads Inc.",
        "address": "1 Example Way\nSpringfield, IL 62701",
        "tax_id": "",
        "email": "billing@shop.example",
    }
    assert "SELLER_NAME is missing" in refusal(SECRET_KEY=KEY, SELLER_NAME=" ")
    assert "SELLER_ADDRESS is missing" in refusal(SECRET_KEY=KEY, SELLER_ADDRESS="")
    assert "SELLER_EMAIL is no email address" in refusal(SECRET_KEY=KEY, SELLER_EMAIL="billing")
    assert "SELLER_TAX_ID has 41 characters" in refusal(SECRET_KEY=KEY, SELLER_TAX_ID="1" * 41)
    assert "SELLER_NAME has line breaks" in refusal(SECRET_KEY=KEY, SELLER_NAME="a\tb")
