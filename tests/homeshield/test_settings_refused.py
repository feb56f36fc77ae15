"""Settings that cannot work: one line that names the variable and how to mend it, and no password in it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from homeshield.lib.environment import choice, number, switch
from homeshield.settings import (
    database_from_environment,
    env,
    mailer_from_environment,
    replica_from_environment,
    stripe_from_environment,
)
from tests.homeshield.test_settings import KEY, python, refusal, setting

MEND = "Set it to postgres://USER:PASSWORD@HOST:5432/NAME, or remove it to use the embedded PostgreSQL."


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("s3cret", "DATABASE_URL is not a URL."),
        ("host=db.example password=s3cret", "DATABASE_URL is not a URL."),
        ("//shop:s3cret@db.example/shop", "DATABASE_URL is not a URL."),
        ("postgres://shop:s3cret@db.example", "names a server but no database on it"),
        ("postgres://", "names a server but no database on it"),
        ("postgres://shop:s3cret@db.example:port/shop", "no port from 0 to 65535"),
        ("postgres://shop:s3cret@db.example:99999/shop", "no port from 0 to 65535"),
        ("postgres://shop:s3cret/more@db.example/shop", "%2F for /"),
        ("postgres://[::1/shop", "no port from 0 to 65535"),
    ],
)
def test_a_database_url_is_refused_for_what_is_wrong_with_it(
    monkeypatch: pytest.MonkeyPatch, url: str, wrong: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured) as refusal:
        database_from_environment()
    said = str(refusal.value)
    assert said.startswith("DATABASE_URL ")
    assert wrong in said
    assert said.endswith(MEND)
    assert "s3cret" not in said


def test_a_replica_is_refused_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICA_URL", "mysql://shop:s3cret@db.example/shop")
    with pytest.raises(ImproperlyConfigured) as refusal:
        replica_from_environment()
    said = str(refusal.value)
    assert said.startswith("REPLICA_URL names a 'mysql' database")
    assert said.endswith("or remove it to read everything from the one database.")
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "url", ["s3cret", "smtp://", "smtp://u:s3cret@mail:port", "pop3://u:s3cret@mail:1", "smtp:mail"]
)
def test_a_mail_url_that_names_no_mail_server_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL names no mail server") as refusal:
        mailer_from_environment()
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"KEY": "sk_test_s3cret"}, "belong together"),
        ({"SECRET": "whsec_s3cret"}, "belong together"),
        ({"KEY": "pk_test_s3cret", "SECRET": "whsec_s3cret"}, "STRIPE_SECRET_KEY is not a secret key"),
        ({"KEY": "sk_test_s3cret", "SECRET": "whsec_s3cret,s3cret"}, "STRIPE_WEBHOOK_SECRET is not a signing secret"),
        ({"ORIGIN": "https://pay.example.com/s3cret"}, "STRIPE_CHECKOUT_ORIGIN"),
        ({"ORIGIN": "pay.example.com; script-src *"}, "STRIPE_CHECKOUT_ORIGIN"),
    ],
)
def test_stripes_settings_are_refused_for_what_is_wrong_with_them(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], wrong: str
) -> None:
    names = {"KEY": "STRIPE_SECRET_KEY", "SECRET": "STRIPE_WEBHOOK_SECRET", "ORIGIN": "STRIPE_CHECKOUT_ORIGIN"}
    for name, value in given.items():
        monkeypatch.setenv(names[name], value)
    with pytest.raises(ImproperlyConfigured, match=wrong) as refusal:
        stripe_from_environment()
    assert "s3cret" not in str(refusal.value)


def test_a_production_site_sends_no_key_to_a_test_server() -> None:
    assert "STRIPE_API_BASE is for tests" in refusal(SECRET_KEY=KEY, STRIPE_API_BASE="http://127.0.0.1:1")


def test_forms_may_lead_to_stripes_page_only_where_it_is_used() -> None:
    stripe = {"STRIPE_SECRET_KEY": "sk_test_key", "STRIPE_WEBHOOK_SECRET": "whsec_old,whsec_new"}
    actions = setting("SECURE_CSP['form-action'], STRIPE_WEBHOOK_SECRETS", **stripe)
    assert actions == (["'self'", "https://checkout.stripe.com"], ["whsec_old", "whsec_new"])
    assert setting("SECURE_CSP['form-action']") == ["'self'"]


def test_a_switch_knows_its_words_and_takes_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, on in [("true", True), (" ON ", True), ("1", True), ("No", False), ("0", False), ("", True)]:
        monkeypatch.setenv("A_SWITCH", text)
        assert switch(env, "A_SWITCH", default=True) is on
    for text in ["maybe", "flase", "2", "-1"]:
        monkeypatch.setenv("A_SWITCH", text)
        with pytest.raises(
            ImproperlyConfigured, match=f"A_SWITCH is '{text}', but can only be true, yes, on, 1, false"
        ):
            switch(env, "A_SWITCH", default=False)


def test_a_number_is_whole_and_not_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, value in [("7", 7), (" 1 ", 1), ("", 20), ("262,144", 262_144)]:
        monkeypatch.setenv("A_NUMBER", text)
        assert number(env, "A_NUMBER", default=20, least=1) == value
    for text in ["abc", "0", "-3", "1.5", "²", "2_0", "1e1", "٢٠"]:
        monkeypatch.setenv("A_NUMBER", text)
        with pytest.raises(ImproperlyConfigured, match=f"A_NUMBER is '{text}', but must be a whole number, 1 or more"):
            number(env, "A_NUMBER", default=20, least=1)


def test_a_choice_is_one_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_CHOICE", "b")
    assert choice(env, "A_CHOICE", default="A", among=["A", "B"]) == "B"
    monkeypatch.setenv("A_CHOICE", "loud")
    with pytest.raises(ImproperlyConfigured, match="A_CHOICE is 'loud', but can only be A, B"):
        choice(env, "A_CHOICE", default="A", among=["A", "B"])


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [
        ("check", "DEBUG", "maybe"),
        ("demo", "DATABASE_URL", "sqlite:///db.sqlite3"),
        ("migrate", "DATABASE_POOL_SIZE", "abc"),
        ("ingest_csv", "LOG_LEVEL", "LOUD"),
        ("generate_inventory", "DEBUG", "off"),
    ],
)
def test_every_command_says_it_in_one_line(command: str, variable: str, value: str) -> None:
    done = python("manage.py", command, **{variable: value})
    assert (done.returncode, done.stdout) == (2, "")
    expected = "SECRET_KEY" if value == "off" else variable
    assert done.stderr.startswith(f"The settings cannot be used: {expected} ")
    assert done.stderr.count("\n") == 1


def test_who_asks_for_the_traceback_gets_it() -> None:
    assert "Traceback" in python("manage.py", "check", "--traceback", DEBUG="maybe").stderr
