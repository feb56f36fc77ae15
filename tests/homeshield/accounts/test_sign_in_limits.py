"""Guessing passwords is slowed down, and shuts out neither who owns the account nor others at the same address."""

import re

import pytest
from allauth.account.adapter import get_adapter
from django.core import mail, signing
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse
from pytest_django import Settings

from homeshield.accounts.models import User
from tests.factories import PASSWORD, UserFactory
from tests.homeshield.test_settings import KEY, setting

pytestmark = pytest.mark.django_db

OFFICE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def joe() -> User:
    return UserFactory(email="joe@acme.example")


def signs_in(email: str, password: str = PASSWORD, *, address: str = OFFICE, browser: Browser | None = None) -> bool:
    """From a browser that nobody has signed in with, unless one is given."""
    browser = browser or Browser()
    response = browser.post(reverse("account_login"), {"login": email, "password": password}, REMOTE_ADDR=address)
    assert response.status_code in {200, 302}
    return "_auth_user_id" in browser.session


def known_browser(user: User) -> Browser:
    """One that the user has signed in with before, and signed out."""
    browser = Browser()
    assert signs_in(user.email, browser=browser)
    browser.post(reverse("account_logout"))
    return browser


def test_one_who_guesses_does_not_shut_out_others_at_the_same_address(joe: User) -> None:
    for _ in range(70):
        assert not signs_in("nobody@acme.example", "wrong")
    assert signs_in(joe.email)


def test_five_wrong_passwords_close_an_account_to_their_address_alone(joe: User) -> None:
    for _ in range(5):
        assert not signs_in(joe.email, "wrong")
    assert not signs_in(joe.email)
    assert not signs_in(joe.email.upper())
    assert signs_in(UserFactory().email)
    assert signs_in(joe.email, address=ELSEWHERE)


def test_who_guesses_from_many_addresses_is_stopped_and_the_owner_is_not(joe: User) -> None:
    own = known_browser(joe)
    for number in range(30):
        assert not signs_in(joe.email, "wrong", address=f"192.0.2.{number}")
    assert not signs_in(joe.email, address=ELSEWHERE)
    assert signs_in(joe.email, browser=own)


def test_a_known_browser_is_known_to_its_own_account_alone(joe: User) -> None:
    mallory = known_browser(UserFactory())
    for number in range(30):
        assert not signs_in(joe.email, "wrong", address=f"192.0.2.{number}", browser=mallory)
    assert not signs_in(joe.email, address=ELSEWHERE, browser=mallory)


def test_a_known_browser_does_not_guess_for_ever(joe: User) -> None:
    own = known_browser(joe)
    for number in range(5):
        assert not signs_in(joe.email, "wrong", address=f"192.0.2.{number}", browser=own)
    assert not signs_in(joe.email, browser=own)


def test_an_invented_cookie_makes_no_browser_known(joe: User) -> None:
    own = known_browser(joe)
    forged = Browser()
    forged.cookies["device"] = own.cookies["device"].value[:-1] + "x"
    for number in range(30):
        signs_in(joe.email, "wrong", address=f"192.0.2.{number}")
    assert not signs_in(joe.email, browser=forged)


def test_the_cookie_says_nothing_about_the_account(joe: User) -> None:
    cookie = known_browser(joe).cookies["device"]
    held = signing.loads(cookie.value, salt="homeshield.accounts.devices")
    assert joe.email not in str(held)
    assert str(joe.id) not in str(held)
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_password_that_was_set_by_mail_opens_the_account_at_once(joe: User, client: Browser) -> None:
    for _ in range(5):
        signs_in(joe.email, "wrong")
    client.post(reverse("account_reset_password"), {"email": joe.email}, REMOTE_ADDR=OFFICE)
    link = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1], follow=True, REMOTE_ADDR=OFFICE)
    new = {"password1": "a new battery staple", "password2": "a new battery staple"}
    client.post(form.redirect_chain[-1][0], new, REMOTE_ADDR=OFFICE)
    assert signs_in(joe.email, "a new battery staple")


def test_an_address_that_tries_many_accounts_is_stopped_and_others_are_not(joe: User) -> None:
    for number in range(60):
        assert not signs_in(f"user{number}@acme.example", "wrong")
    assert not signs_in(joe.email)
    assert signs_in(joe.email, address=ELSEWHERE)


@pytest.mark.parametrize(
    ("proxies", "address"),
    [(0, "10.0.0.1"), (1, ELSEWHERE), (2, OFFICE)],
)
def test_the_visitors_address_is_what_our_own_proxies_say(settings: Settings, proxies: int, address: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    forwarded = f"192.0.2.1, {OFFICE}, {ELSEWHERE}"  # the first one is the visitor's own invention
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})
    assert get_adapter().get_client_ip(request) == address


def test_one_proxy_is_trusted_where_there_is_one() -> None:
    def count(**environment: str) -> object:
        return setting("ALLAUTH_TRUSTED_PROXY_COUNT", SECRET_KEY=KEY, **environment)

    assert count() == 0
    assert count(BEHIND_TLS_PROXY="true") == 1
    assert count(BEHIND_TLS_PROXY="true", TRUSTED_PROXY_COUNT="2") == 2
