"""People sign in by email address, in whatever case they type it; staff by the same page as buyers."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import ClientStatus, User
from homeshield.accounts.services import client_create, staff_create
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SIGN_IN = reverse("account_login")
ADMIN = reverse("admin:index")


def sign_in(browser: Browser, email: str, password: str = PASSWORD, address: str = SIGN_IN) -> str | None:
    """Where the browser is sent; None where the form came back."""
    response = browser.post(address, {"login": email, "password": password})
    return response.headers.get("Location")


@pytest.mark.parametrize("typed", ["joe@acme.example", "Joe@Acme.EXAMPLE", "  JOE@ACME.EXAMPLE "])
def test_an_address_signs_in_in_any_case(client: Browser, typed: str) -> None:
    _, user = client_create(company="Acme", email="Joe@Acme.example", password=PASSWORD, status=ClientStatus.ACTIVE)
    assert sign_in(client, typed)
    assert client.session["_auth_user_id"] == str(user.id)


@pytest.mark.parametrize(("email", "password"), [("joe@acme.example", PASSWORD.upper()), ("jo@acme.example", PASSWORD)])
def test_a_wrong_address_or_password_does_not_sign_in(client: Browser, email: str, password: str) -> None:
    client_create(company="Acme", email="joe@acme.example", password=PASSWORD, status=ClientStatus.ACTIVE)
    assert sign_in(client, email, password) is None
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("verified", [True, False])
def test_a_further_address_signs_in_only_when_it_was_verified(client: Browser, verified: bool) -> None:
    _, user = client_create(company="Acme", email="joe@acme.example", password=PASSWORD, status=ClientStatus.ACTIVE)
    EmailAddress.objects.create(user=user, email="boss@rival.example", verified=verified)
    assert (sign_in(client, "Boss@rival.example") is not None) == verified
    assert client.session.get("_auth_user_id") == (str(user.id) if verified else None)


def test_a_user_has_one_address_and_claims_no_other(client: Browser) -> None:
    """allauth's page for several addresses is not there: what is asked for replaces the own one, once verified."""
    user = UserFactory()
    sign_in(client, user.email)
    client.post(reverse("account_email"), {"email": "boss@rival.example", "action_add": "1"})
    assert EmailAddress.objects.filter(verified=True).get().email == user.email
    user.refresh_from_db()
    assert user.email != "boss@rival.example"


def test_a_user_who_was_switched_off_does_not_sign_in(client: Browser) -> None:
    user = UserFactory(is_active=False)
    sign_in(client, user.email)
    assert "_auth_user_id" not in client.session


def test_an_address_is_kept_once_and_in_lower_case_by_the_database() -> None:
    UserFactory(email="joe@acme.example")
    for email in ["joe@acme.example", "Joe@acme.example"]:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email=email)])
    assert User.objects.get_by_natural_key("JOE@acme.example").email == "joe@acme.example"


def test_a_forgotten_password_is_set_anew_by_mail(client: Browser) -> None:
    client_create(company="Acme", email="joe@acme.example", password=PASSWORD, status=ClientStatus.ACTIVE)
    client.post(reverse("account_reset_password"), {"email": "JOE@acme.example"})
    (message,) = mail.outbox
    assert message.to == ["joe@acme.example"]
    link = re.search(r"https?://[^/]+(/\S+)", str(message.body))
    assert link
    form = client.get(link[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "a new battery staple", "password2": "a new battery staple"})
    assert User.objects.get().check_password("a new battery staple")


def test_staff_enter_the_admin_by_the_sites_own_sign_in_page(client: Browser) -> None:
    staff_create(email="boss@homeshield.example", password=PASSWORD)
    to_login = client.get(ADMIN)["Location"]
    to_sign_in = client.get(to_login)["Location"]
    assert to_sign_in.startswith(SIGN_IN)
    assert sign_in(client, "Boss@homeshield.example", address=to_sign_in) == ADMIN
    page = client.get(ADMIN)
    assert page.status_code == 200
    assert "HomeShield staff" in page.content.decode()


def test_who_is_made_by_createsuperuser_signs_in_without_a_code(
    client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "Boss@homeshield.example", verbosity=0)
    assert sign_in(client, "boss@homeshield.example", address=f"{SIGN_IN}?next={ADMIN}") == ADMIN
    assert not mail.outbox


def test_what_is_too_large_for_a_form_is_refused(client: Browser) -> None:
    assert client.post(SIGN_IN, {"login": "x" * 300_000, "password": "x"}).status_code == 413
    files = {"login": "joe@acme.example", "password": "x", "file": ContentFile(b"x", "x.csv")}
    assert client.post(SIGN_IN, files).status_code == 400


def test_the_admins_own_sign_in_form_takes_no_passwords(client: Browser) -> None:
    staff_create(email="boss@homeshield.example", password=PASSWORD)
    response = client.post(reverse("admin:login"), {"username": "boss@homeshield.example", "password": PASSWORD})
    assert response["Location"].startswith(SIGN_IN)
    assert "_auth_user_id" not in client.session


def test_buyers_do_not_enter_the_admin(client: Browser) -> None:
    client.force_login(UserFactory())
    response = client.get(ADMIN, follow=True)
    assert response.status_code == 403
