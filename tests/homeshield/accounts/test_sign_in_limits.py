"""Guessing passwords is slowed down by account; an office behind one address is not shut out by one who guesses."""

import pytest
from allauth.account.adapter import get_adapter
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


def signs_in(email: str, password: str = PASSWORD, *, address: str = OFFICE) -> bool:
    browser = Browser(REMOTE_ADDR=address)
    response = browser.post(reverse("account_login"), {"login": email, "password": password})
    assert response.status_code in {200, 302}
    return "_auth_user_id" in browser.session


def test_one_who_guesses_does_not_shut_out_others_at_the_same_address(joe: User) -> None:
    for _ in range(70):
        assert not signs_in("nobody@acme.example", "wrong")
    assert signs_in(joe.email)


def test_five_wrong_passwords_close_an_account_from_every_address(joe: User) -> None:
    other = UserFactory()
    for _ in range(5):
        assert not signs_in(joe.email, "wrong")
    assert not signs_in(joe.email)
    assert not signs_in(joe.email.upper(), address=ELSEWHERE)
    assert signs_in(other.email)


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
