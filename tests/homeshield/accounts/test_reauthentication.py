"""Confirming who one is before a change of how to sign in, and that allauth finds every address that it asks for."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path
from urllib.parse import urlencode

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client as Browser
from django.urls import get_resolver, reverse

from homeshield.accounts.models import User
from tests.factories import PASSWORD, UserFactory
from tests.homeshield.accounts.test_second_factor import ACTIVATE, confirm, set_up_an_app
from tests.matrix.addresses import names
from tests.sign_in import sign_in

REQUEST_CODE = reverse("account_request_reauthentication_code")
CONFIRM_CODE = reverse("account_confirm_reauthentication_code")

SWITCHED_OFF = {
    "account_request_login_code": "sign-in by a code instead of a password",
    "account_confirm_email": "verification by a link; ours is by a code",
    "account_confirm_password_reset_code": "a new password by a code; ours is by a link",
    "account_complete_password_reset": "likewise",
    "account_password_reset_completed": "likewise",
    "account_verify_phone": "telephone numbers of users",
    "account_change_phone": "likewise",
    "account_signup_by_passkey": "sign-up without a password",
    "mfa_signup_webauthn": "likewise",
    "mfa_trust": "browsers that are trusted without the second factor",
}
"""Addresses of features that our settings leave out, so that nothing asks for them."""


def asked_for_by_allauth() -> Iterator[str]:
    """The name in each `reverse("...")` of the packages of allauth that we use."""
    for file in files("django-allauth") or []:
        if re.match(r"allauth/(account|mfa|usersessions)/.*\.py$", str(file)) and "/tests/" not in str(file):
            for node in ast.walk(ast.parse(Path(str(file.locate())).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and "reverse" in ast.unparse(node.func) and node.args:
                    named = node.args[0]
                    if isinstance(named, ast.Constant) and isinstance(named.value, str):
                        yield named.value


def test_every_address_that_allauth_asks_for_is_there() -> None:
    asked = set(asked_for_by_allauth())
    assert {"account_reauthenticate", "account_request_reauthentication_code", "mfa_index"} <= asked
    assert asked - set(names()) <= SWITCHED_OFF.keys()
    resolver = get_resolver()
    assert [name for name in SWITCHED_OFF if name in resolver.reverse_dict] == []


@pytest.fixture
def without_password(client: Browser) -> User:
    """Somebody who has signed up by another service."""
    user: User = UserFactory()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    return user


@pytest.mark.django_db
def test_who_has_no_password_confirms_by_a_code_and_sets_up_a_second_factor(
    client: Browser, without_password: User
) -> None:
    asked = client.get(ACTIVATE)
    assert asked["Location"] == f"{REQUEST_CODE}?{urlencode({'next': ACTIVATE})}"
    assert without_password.email in client.get(asked["Location"]).content.decode()
    asked = client.post(REQUEST_CODE, {"recipient": without_password.email, "next": ACTIVATE})
    assert asked["Location"] == f"{CONFIRM_CODE}?{urlencode({'next': ACTIVATE})}"
    message = mail.outbox[-1]
    assert message.to == [without_password.email]
    code = message.body.splitlines()[2]
    wrong = client.post(CONFIRM_CODE, {"code": "AAAA-AAAA", "next": ACTIVATE})
    assert "This code isn’t right." in wrong.content.decode()
    assert client.get(ACTIVATE).status_code == 302
    assert client.post(CONFIRM_CODE, {"code": code, "next": ACTIVATE})["Location"] == ACTIVATE
    set_up_an_app(client)
    assert Authenticator.objects.filter(user=without_password, type="totp").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("with_app", [False, True])
def test_no_way_around_a_second_factor_and_a_code_by_mail_none_around_a_password(
    client: Browser, with_app: bool
) -> None:
    user: User = UserFactory()
    assert sign_in(client, user)
    if with_app:
        confirm(client)
        set_up_an_app(client)
    offered = {method["id"] for method in get_adapter().get_reauthentication_methods(user)}
    asked = "mfa_reauthenticate" if with_app else "account_reauthenticate"
    assert offered == {asked.removeprefix("account_")}
    mail.outbox.clear()
    assert client.post(REQUEST_CODE, {"recipient": user.email})["Location"] == reverse(asked)
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_session_of_before_the_second_factor_cannot_remove_it_with_the_password(client: Browser) -> None:
    user: User = UserFactory()
    thief = Browser()
    assert sign_in(thief, user)
    assert sign_in(client, user)
    confirm(client)
    set_up_an_app(client)
    confirmed = thief.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert confirmed["Location"] == reverse("mfa_reauthenticate")
    for asked in (
        thief.post(reverse("mfa_deactivate_totp")),
        thief.get(reverse("mfa_view_recovery_codes")),
        thief.post(reverse("account_email"), {"action_add": "", "email": "thief@elsewhere.example"}),
    ):
        assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    assert Authenticator.objects.filter(user=user, type="totp").exists()


@pytest.mark.django_db
def test_who_has_a_factor_and_no_password_confirms_by_the_factor(client: Browser, without_password: User) -> None:
    client.post(REQUEST_CODE, {"recipient": without_password.email})
    client.post(CONFIRM_CODE, {"code": mail.outbox[-1].body.splitlines()[2]})
    set_up_an_app(client)
    offered = {method["id"] for method in get_adapter().get_reauthentication_methods(without_password)}
    assert offered == {"mfa_reauthenticate"}
