"""A company signs up by itself: a code proves the address, and staff approve the company before it buys."""

import re
from datetime import datetime
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings

from homeshield.accounts.models import Client, ClientStatus, User
from homeshield.accounts.permissions import ClientRole
from homeshield.billing.ledger.selectors import balance_of
from tests.factories import PASSWORD, UserFactory, stock
from tests.homeshield.test_settings import KEY, python, refusal

pytestmark = pytest.mark.django_db

SIGN_UP, CONFIRM = reverse("account_signup"), reverse("account_email_verification_sent")


def filled_in(**other: str) -> dict[str, str]:
    fields = {"company": "Acme", "email": "Joe@Acme.example", "password1": PASSWORD, "password2": PASSWORD}
    return fields | other


def code() -> str:
    found = re.search(r"^([A-Z0-9-]{6,})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


def test_a_company_signs_up_and_waits_for_approval(client: Browser, now: datetime) -> None:
    stock(1, as_of=now)
    assert client.post(SIGN_UP, filled_in())["Location"] == CONFIRM
    assert "_auth_user_id" not in client.session
    assert client.post(CONFIRM, {"code": code()})["Location"] == "/"
    user = User.objects.get()
    assert user.client is not None
    assert (user.email, user.role, user.client.name) == ("joe@acme.example", ClientRole.OWNER, "Acme")
    assert user.client.status == ClientStatus.PENDING
    assert client.get("/inventory/").status_code == 200
    assert client.post(reverse("sales:draft-buy")).status_code == 403
    assert [message.to for message in mail.outbox] == [["joe@acme.example"]]


def test_without_approval_a_company_is_active_at_once(client: Browser, settings: Settings) -> None:
    settings.CLIENTS_NEED_APPROVAL = False
    client.post(SIGN_UP, filled_in())
    assert Client.objects.get().status == ClientStatus.ACTIVE


@pytest.mark.parametrize("limit", [0, 500])
def test_a_company_that_signs_up_pays_in_first_unless_the_setting_grants_credit(
    client: Browser, settings: Settings, limit: int
) -> None:
    settings.SIGN_UP_CREDIT_LIMIT = limit
    client.post(SIGN_UP, filled_in())
    account = balance_of(Client.objects.get().id)
    assert (account.balance, account.credit_limit) == (Decimal(0), Decimal(limit))


def test_who_signs_in_before_the_address_is_confirmed_gets_another_code(client: Browser) -> None:
    client.post(SIGN_UP, filled_in())
    other = Browser()
    signed_in = other.post(reverse("account_login"), {"login": "joe@acme.example", "password": PASSWORD})
    assert signed_in["Location"] == CONFIRM
    assert len(mail.outbox) == 2
    other.post(CONFIRM, {"code": code()})
    assert "_auth_user_id" in other.session


def test_nobody_is_signed_in_before_the_address_is_confirmed(client: Browser) -> None:
    client.post(SIGN_UP, filled_in())
    other = Browser()
    other.post(reverse("account_login"), {"login": "joe@acme.example", "password": PASSWORD})
    assert "_auth_user_id" not in other.session
    for wrong in ("AAAAAA", "BBBBBB", "CCCCCC"):
        client.post(CONFIRM, {"code": wrong})
    client.post(CONFIRM, {"code": code()})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"company": ""}, "company"),
        ({"company": "  "}, "company"),
        ({"company": "A\tB"}, "company"),
        ({"company": "A" * 201}, "company"),
        ({"email": "joe"}, "email"),
        ({"email": f"joe@{'acme.' * 60}example"}, "email"),
        ({"password1": "12345678", "password2": "12345678"}, "password1"),
        ({"password2": "something else"}, "password2"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_made(
    client: Browser, wrong: dict[str, str], field: str
) -> None:
    response = client.post(SIGN_UP, filled_in(**wrong))
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.exists()
    assert not Client.objects.exists()


def test_a_taken_address_is_not_given_away(client: Browser) -> None:
    """The answer is that to a new address; what is different is in the mail alone."""
    UserFactory(email="joe@acme.example")
    taken = client.post(SIGN_UP, filled_in())
    new = Browser().post(SIGN_UP, filled_in(email="ann@acme.example"))
    assert (taken.status_code, taken["Location"]) == (new.status_code, new["Location"])
    assert "already has an account" in str(mail.outbox[0].body)
    assert client.get(CONFIRM).status_code == 200
    assert User.objects.filter(email="joe@acme.example").count() == 1
    assert Client.objects.count() == 2


def test_other_ways_to_sign_in_are_there_with_their_credentials_alone() -> None:
    """Those of the form are posted, and lead to the other service with our id, and no further."""
    ask = """
import os, django
from django.conf import settings
django.setup()
settings.ALLOWED_HOSTS = ["testserver"]
settings.SECURE_SSL_REDIRECT = False
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
from django.test import Client
from django.core.cache import cache
page = Client().get("/accounts/login/")
print(page.content.decode().count("Sign in with"), page["Content-Security-Policy"].count("https://"))
for name in ("google", "microsoft", "github"):
    answer = Client().post(f"/accounts/{name}/login/")
    print(name, answer.status_code, answer.headers.get("Location", "")[:40])
"""
    environment = {"DJANGO_SETTINGS_MODULE": "homeshield.settings", "SECRET_KEY": KEY}
    without = python("-c", ask, **environment)
    assert without.stdout.split() == ["1", "0", "google", "404", "microsoft", "404", "github", "404"], without.stderr
    some = {"GOOGLE_CLIENT_ID": "g", "GOOGLE_CLIENT_SECRET": "s", "GITHUB_CLIENT_ID": "h", "GITHUB_CLIENT_SECRET": "t"}
    have = python("-c", ask, **environment, **some)
    assert have.stdout.splitlines() == [
        "3 2",
        "google 302 https://accounts.google.com/o/oauth2/v2/",
        "microsoft 404 ",
        "github 302 https://github.com/login/oauth/authorize",
    ], have.stderr


def test_half_of_the_credentials_is_refused() -> None:
    said = refusal(GITHUB_CLIENT_ID="h")
    assert "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET belong together" in said
