"""Passwords cost what they must, and never the whole site: few are hashed at once, and few for one address."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import httpx
import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings

from homeshield.accounts import hashers
from homeshield.accounts.allowances import hash_spend
from homeshield.accounts.errors import PasswordsBusy, TooManyPasswords
from homeshield.accounts.hashers import Gate
from homeshield.accounts.models import User
from tests.factories import PASSWORD, StaffFactory, UserFactory
from tests.homeshield.database_roles.test_start_check import url
from tests.homeshield.gunicorn_command import COMMAND
from tests.sign_in import sign_in

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
OURS = ["homeshield.accounts.hashers.Argon2Hasher", "homeshield.accounts.hashers.EarlierHasher"]


@pytest.fixture
def real_hashers(settings: Settings) -> None:
    """In the place of the quick one of other tests."""
    settings.PASSWORD_HASHERS = OURS


def test_so_many_work_so_many_wait_and_others_are_refused_at_once() -> None:
    gate, release = Gate(at_once=2, waiting=1, patience=30), Event()
    entered: list[float] = []

    def work() -> None:
        with gate.enter():
            entered.append(time.monotonic())
            release.wait(30)

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(entered) < 2:
        time.sleep(0.01)
    while gate._room._value:  # until the third waits
        time.sleep(0.01)
    began = time.monotonic()
    with pytest.raises(PasswordsBusy), gate.enter():
        pass
    assert time.monotonic() - began < 1
    assert len(entered) == 2
    release.set()
    for thread in threads:
        thread.join()
    assert len(entered) == 3
    with gate.enter():
        pass  # everybody has left


def test_who_waits_in_vain_is_refused_and_leaves_room() -> None:
    gate = Gate(at_once=1, waiting=1, patience=0.05)
    with gate.enter():
        for _ in range(2):
            with pytest.raises(PasswordsBusy), gate.enter():
                pass
    with gate.enter():
        pass


@pytest.mark.usefixtures("real_hashers")
@pytest.mark.django_db
def test_a_password_of_before_is_read_and_hashed_anew_at_the_sign_in(client: Browser) -> None:
    user = UserFactory()
    User.objects.filter(id=user.id).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "0123456789abcdef", 1000))
    assert sign_in(client, user)
    kept = User.objects.values_list("password", flat=True).get(id=user.id)
    assert kept.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert check_password(PASSWORD, kept)
    assert not check_password("wrong", kept)


@pytest.mark.django_db
def test_an_address_has_its_passwords_counted_and_others_are_not_held_up(settings: Settings) -> None:
    settings.PASSWORDS_PER_MINUTE = 3
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"):  # of one household
        hash_spend(address=address, as_of=AS_OF)
    with pytest.raises(TooManyPasswords) as refused:
        hash_spend(address="2001:db8::3", as_of=AS_OF)
    assert (refused.value.status, refused.value.retry_after) == (429, 20)
    hash_spend(address="2001:db8:1::3", as_of=AS_OF)
    hash_spend(address="2001:db8::3", as_of=AS_OF + timedelta(seconds=20))


@pytest.mark.usefixtures("real_hashers")
@pytest.mark.django_db
@pytest.mark.parametrize("status", [503, 429])
def test_every_page_that_hashes_refuses_kindly_and_changes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    member, staff = UserFactory(), StaffFactory()
    fields = [one.attname for one in User._meta.concrete_fields if one.name != "last_login"]  # force_login writes it
    before = list(User.objects.order_by("id").values_list(*fields))
    if status == 503:
        monkeypatch.setattr(hashers, "GATE", full := Gate(at_once=1, waiting=0, patience=0))
        full._room.acquire()
    else:
        settings.PASSWORDS_PER_MINUTE = 1
        hash_spend(address="127.0.0.1", as_of=datetime.now(UTC))
    new = {"password1": "a new battery staple", "password2": "a new battery staple"}
    asked: list[tuple[User | None, str, dict[str, str]]] = [
        (None, reverse("account_login"), {"login": member.email, "password": "wrong"}),
        (None, reverse("account_login"), {"login": "nobody@acme.example", "password": "wrong"}),
        (None, reverse("account_signup"), {"company": "Acme", "email": "ann@acme.example"} | new),
        (member, reverse("account_reauthenticate"), {"password": "wrong"}),
        (staff, reverse("admin:auth_user_password_change", args=[member.pk]), new | {"usable_password": "true"}),
        (staff, reverse("admin:accounts_user_add"), {"email": "b@acme.example", "role": "viewer"} | new),
    ]
    for user, address, form in asked:
        browser = Browser()
        if user is not None:
            browser.force_login(user)
        answer = browser.post(address, form)
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (status, True), address
        assert "try again" in answer.content.decode()
    assert list(User.objects.order_by("id").values_list(*fields)) == before


@pytest.mark.usefixtures("real_hashers")
@pytest.mark.django_db
def test_a_refusal_for_want_of_room_is_no_wrong_password(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    user = UserFactory()
    with monkeypatch.context() as patch:
        patch.setattr(hashers, "GATE", full := Gate(at_once=1, waiting=0, patience=0))
        full._room.acquire()
        for _ in range(6):  # more than the five after which an account is closed to its address
            assert client.post(reverse("account_login"), {"login": user.email, "password": "x"}).status_code == 503
    assert sign_in(client, user)


# --- The real server ---


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """One worker with its usual threads, on the tests' database, where a hash takes two seconds and no processor."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {
        "SECRET_KEY": "", "DATABASE_URL": url(connection.get_connection_params()["user"]), "WEB_DATABASE_URL": "",
        "REPLICA_URL": "", "WEB_CONCURRENCY": "1", "WEB_THREADS": "8", "DEBUG": "", "TRUSTED_PROXY_COUNT": "1",
        "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    server = subprocess.Popen(
        [*COMMAND[:-1], "tests.homeshield.slow_passwords", "--bind", f"127.0.0.1:{port}"],
        cwd=configured.BASE_DIR,
        env=os.environ | ours,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{address}/health", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_pages_are_answered_while_64_wrong_passwords_come_at_once(site: str) -> None:
    """From 64 addresses, for 64 accounts, so that no other limit is in the way. They took half a minute, and nobody
    else was served meanwhile."""
    form = httpx.get(f"{site}/accounts/login/", timeout=30)
    csrf = form.cookies["csrftoken"]

    def guess(number: int) -> int:
        answer = httpx.post(
            f"{site}/accounts/login/",
            data={"login": f"user{number}@acme.example", "password": "wrong", "csrfmiddlewaretoken": csrf},
            cookies={"csrftoken": csrf},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
            timeout=120,
        )
        return answer.status_code

    with ThreadPoolExecutor(64) as guessers:
        guesses = [guessers.submit(guess, number) for number in range(64)]
        slowest, asked = 0.0, 0
        while asked < 6 or not all(one.done() for one in guesses):
            for page in ("/health", "/"):
                began = time.monotonic()
                assert httpx.get(f"{site}{page}", timeout=60).status_code == 200
                slowest, asked = max(slowest, time.monotonic() - began), asked + 1
    assert {one.result() for one in guesses} <= {200, 503}
    assert slowest < 8  # seconds; without the gate the 64 keep eight threads for 16
