"""Second factors, sessions and the change of the address, by the pages."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from homeshield.accounts.models import User
from homeshield.audit.models import AuditEvent
from tests.factories import PASSWORD, StaffFactory, UserFactory
from tests.sign_in import sign_in

pytestmark = pytest.mark.django_db

ACTIVATE = reverse("mfa_activate_totp")


@pytest.fixture
def user(client: Browser) -> User:
    user: User = UserFactory()
    assert sign_in(client, user)
    confirm(client)
    return user


def confirm(browser: Browser) -> None:
    """Gives the password once more, which is asked before a change of how to sign in."""
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def codes(secret: str) -> list[str]:
    """What an app shows about now."""
    return [format_hotp_value(hotp_value(secret, counter)) for counter in yield_hotp_counters_from_time()]


def set_up_an_app(browser: Browser) -> str:
    secret: str = browser.get(ACTIVATE).context["form"].secret
    now = codes(secret)[1]  # the middle one, which holds a while longer where the machine is slow
    assert browser.post(ACTIVATE, {"code": now}).status_code == 302
    return secret


def test_an_app_is_asked_for_at_the_next_sign_in(client: Browser, user: User) -> None:
    secret = set_up_an_app(client)
    other = Browser()
    assert not sign_in(other, user)
    asked = reverse("mfa_authenticate")
    other.post(asked, {"code": "000000"})
    assert "_auth_user_id" not in other.session
    other.post(asked, {"code": codes(secret)[-1]})
    assert other.session["_auth_user_id"] == str(user.id)


def test_a_recovery_code_signs_in_once(client: Browser, user: User) -> None:
    set_up_an_app(client)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    for expected in (True, False):
        other = Browser()
        sign_in(other, user)
        other.post(reverse("mfa_authenticate"), {"code": code})
        assert ("_auth_user_id" in other.session) == expected


def test_secrets_of_second_factors_are_kept_encrypted(client: Browser, user: User, settings: Settings) -> None:
    secret = set_up_an_app(client)
    kept = str(Authenticator.objects.values_list("data", flat=True))
    assert secret not in kept
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one, after the key was changed"
    totp = Authenticator.objects.get(type="totp").wrap()
    assert totp.validate_code(codes(secret)[-1])


def test_other_sessions_are_signed_out(client: Browser, user: User) -> None:
    other = Browser()
    assert sign_in(other, user)
    page = client.get(reverse("usersessions_list")).content.decode()
    assert page.count("Signed in <time") == 2
    client.post(reverse("usersessions_list"))
    assert client.get("/inventory/").status_code == 200
    assert other.get("/inventory/").status_code == 302


def test_a_new_address_counts_once_its_code_was_entered(client: Browser, user: User) -> None:
    old = user.email
    client.post(reverse("account_email"), {"email": "New@acme.example", "action_add": ""})
    user.refresh_from_db()
    assert user.email == old
    assert mail.outbox[-1].to == ["new@acme.example"]
    code = re.search(r"^([A-Z0-9-]{6,})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    client.post(reverse("account_email_verification_sent"), {"code": code[1]})
    user.refresh_from_db()
    assert user.email == "new@acme.example"
    assert EmailAddress.objects.get(user=user).email == "new@acme.example"
    assert old in [address for message in mail.outbox for address in message.to]


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_generate_recovery_codes", "account_email"])
def test_who_only_finds_the_browser_open_changes_nothing(client: Browser, name: str) -> None:
    assert sign_in(client, UserFactory())
    response = client.post(reverse(name), {"email": "new@acme.example", "action_add": ""})
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert not mail.outbox


class TestStaff:
    def test_the_administration_asks_for_a_second_factor(self, client: Browser, settings: Settings) -> None:
        settings.STAFF_NEED_SECOND_FACTOR = True
        assert sign_in(client, StaffFactory())
        confirm(client)
        for address in (reverse("admin:index"), reverse("admin:accounts_client_changelist")):
            response = client.get(address)
            assert response["Location"] == reverse("mfa_index")
        secret = set_up_an_app(client)
        asked = client.get(reverse("admin:index"))["Location"]
        assert asked == f"{reverse('mfa_reauthenticate')}?next={reverse('admin:index')}"
        assert client.post(asked, {"code": codes(secret)[-1]})["Location"] == reverse("admin:index")
        assert client.get(reverse("admin:index")).status_code == 200

    def test_a_session_from_before_the_second_factor_does_not_pass(self, client: Browser, settings: Settings) -> None:
        settings.STAFF_NEED_SECOND_FACTOR = True
        staff = StaffFactory()
        thief = Browser()
        assert sign_in(client, staff)
        assert sign_in(thief, staff)
        confirm(client)
        secret = set_up_an_app(client)
        confirm(thief)  # with the password, which is all they have
        for address in (reverse("admin:index"), reverse("admin:accounts_client_changelist")):
            assert thief.get(address)["Location"].startswith(reverse("mfa_reauthenticate"))
        other = Browser()
        sign_in(other, staff)
        other.post(reverse("mfa_authenticate"), {"code": codes(secret)[-1]})
        assert other.get(reverse("admin:index")).status_code == 200

    def test_who_has_a_passkey_alone_is_asked_for_it(self, client: Browser, settings: Settings) -> None:
        settings.STAFF_NEED_SECOND_FACTOR = True
        staff = StaffFactory()
        assert sign_in(client, staff)
        Authenticator.objects.create(user=staff, type=Authenticator.Type.WEBAUTHN, data={})
        asked = client.get(reverse("admin:index"))["Location"]
        assert asked.startswith(reverse("mfa_reauthenticate_webauthn"))

    def test_recovery_codes_alone_are_no_second_factor(self, client: Browser, settings: Settings) -> None:
        settings.STAFF_NEED_SECOND_FACTOR = True
        staff = StaffFactory()
        assert sign_in(client, staff)
        Authenticator.objects.create(user=staff, type=Authenticator.Type.RECOVERY_CODES, data={})
        assert client.get(reverse("admin:index"))["Location"] == reverse("mfa_index")

    def test_who_has_lost_the_second_factor_gets_it_removed_by_a_superuser(
        self, client: Browser, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        user = UserFactory()
        act = {"action": "remove_second_factors", "_selected_action": [str(user.pk)]}
        for superuser in (False, True):
            Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
            clerk = StaffFactory(is_superuser=superuser)
            clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
            client.force_login(clerk)
            with django_capture_on_commit_callbacks(execute=True):
                client.post(reverse("admin:accounts_user_changelist"), act)
            assert Authenticator.objects.exists() != superuser
            Authenticator.objects.all().delete()
        assert [message.to for message in mail.outbox] == [[user.email]]
        event = AuditEvent.objects.get(action="mfa.remove")
        assert (event.object_id, event.actor) == (str(user.pk), clerk.email)

    def test_who_is_not_on_the_staff_is_refused_and_told_nothing_of_it(
        self, client: Browser, settings: Settings
    ) -> None:
        settings.STAFF_NEED_SECOND_FACTOR = True
        assert sign_in(client, UserFactory())
        response = client.get(reverse("admin:index"), follow=True)
        assert response.status_code == 403
        assert "Staff need it" not in response.content.decode()

    def test_a_development_site_does_without(self, client: Browser) -> None:
        assert sign_in(client, StaffFactory())
        assert client.get(reverse("admin:index")).status_code == 200
