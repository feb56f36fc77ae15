"""Names that somebody chose stand in mails that go out in our name: so they hold nothing to click, and no subject."""

import re
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from homeshield.accounts.company_names import company_name_fault, name_for_mail
from homeshield.accounts.models import Client, ClientStatus, Invitation, User
from homeshield.accounts.services import second_factor_remove
from homeshield.accounts.standing import client_standing_change
from tests.factories import PASSWORD, ClientFactory, StaffFactory, UserFactory

NAMES = ["Acme Agency", "St. Louis Insurance Co.", "J.P. Morgan & Sons, Inc.", "Smith d/b/a Acme",
         "A.B.C. Agency, L.L.C.",
         "Nº 1 Agency", "No.1 Agency", "Café Zürich", "Team 24/7", "A & B @ Home", "保険会社"]  # fmt: skip
LINKS = ["acme.example", "Go to evil.com now", "https://evil", "http:/evil", "www evil com", "WWW.evil.com",
         "a@b.example",
         "Win $500: t.me/x", "evil。com", "evil．com", "ｅｖｉｌ.ｃｏｍ", "a＠b.example", "10.0.0.1", "xn--e1afmkfd",
         "пример.рф"]  # fmt: skip
UNSEEN = ["a\nb", "a\rSubject: b", "a\tb", "a\x00b", "a\u202eb", "a\u200bb", "a\u2066b", "a\ufeffb", "a\u3164b",
          "a\x85b",
          "a\u2028b", "a\u00adb", "a\U000e0041b"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_companies_are_called_what_companies_are_called(name: str) -> None:
    assert company_name_fault(name) is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*LINKS, *UNSEEN])
def test_a_name_that_is_none_is_refused_by_form_and_command(name: str) -> None:
    fields = {"company": name, "email": "ann@acme.example", "password1": PASSWORD, "password2": PASSWORD}
    answer = Browser().post(reverse("account_signup"), fields)
    assert list(answer.context["form"].errors) == ["company"]
    with pytest.raises(CommandError, match=r"--company: A company name (has no|can’t contain)"):
        call_command("create_client", company=name, email="ann@acme.example")
    assert (Client.objects.count(), User.objects.count(), mail.outbox) == (0, 0, [])


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in UNSEEN if "\x00" not in name])
def test_the_database_takes_no_name_that_hides_something(name: str) -> None:
    with pytest.raises(IntegrityError, match="client_name_shows_all_it_holds"), transaction.atomic():
        ClientFactory(name=name)
    assert not Client.objects.exists()


def test_a_name_in_a_mail_is_short_and_on_one_line() -> None:
    assert name_for_mail('The "best"\r\nBcc: all') == "The 'best'  Bcc: all"
    assert name_for_mail("x" * 200) == "x" * 59 + "…"


def test_no_subject_holds_a_name() -> None:
    """Of templates; a code, which we make, is the one exception."""
    for path in (settings.BASE_DIR / "templates").rglob("*_subject.txt"):
        assert re.findall(r"\{\{.*?\}\}", path.read_text(encoding="utf-8")) in ([], ["{{ code }}"]), path


@pytest.mark.django_db
def test_no_mail_has_a_chosen_name_as_its_subject(
    client: Browser, now: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    company = ClientFactory(name="Zzyzx Partners", status="pending")
    owner = UserFactory(client=company, email="zzyzx@acme.example")
    with django_capture_on_commit_callbacks(execute=True):
        client_standing_change(
            client_id=company.id,
            status=ClientStatus.ACTIVE,
            licensed_states=[],
            reason="ok",
            by=StaffFactory(),
            as_of=now,
        )  # fmt: skip
        client.force_login(owner)
        client.post(reverse("accounts:invitation-send"), {"email": "ann@acme.example", "role": "buyer"})
        owner.authenticator_set.create(type="totp", data={"secret": "x"})
        second_factor_remove(user=owner, as_of=now)
    client.post(reverse("account_reset_password"), {"email": owner.email})
    assert [message.subject for message in mail.outbox] == [
        "HomeShield: Your company is approved",
        "HomeShield: You are invited to join a company",
        "HomeShield: Two-step verification was removed",
        "HomeShield: Choose a new password",
    ]
    assert 'It signed up as "Zzyzx Partners".' in str(mail.outbox[1].body)


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["pending", "suspended", "closed"])
def test_a_company_that_is_not_active_invites_nobody(client: Browser, now: datetime, status: str) -> None:
    owner = UserFactory(client__status=status)
    client.force_login(owner)
    answer = client.post(reverse("accounts:invitation-send"), {"email": "ann@acme.example", "role": "buyer"})
    assert answer.status_code == 403
    assert not Invitation.objects.exists()
    assert mail.outbox == []
    with pytest.raises(IntegrityError, match="is not active, and invites nobody"), transaction.atomic():
        Invitation.objects.create(
            client=owner.client, email="ann@acme.example", role="buyer", invited_by=owner, created_at_utc=now,
            expires_at_utc=now + timedelta(days=7),
        )  # fmt: skip


@pytest.mark.django_db
def test_a_pending_company_is_told_when_it_can_invite(client: Browser) -> None:
    client.force_login(UserFactory(client__status="pending"))
    page = client.get(reverse("accounts:team-show")).content.decode()
    assert "You can invite people once our staff have approved" in page
    assert "Send invitation" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["a@b.example\nBcc: c@d.example", "a@b.example\r\n\r\nText", "a\x00@b.example"])
def test_no_header_gets_into_a_mail_by_an_address(client: Browser, email: str) -> None:
    client.force_login(UserFactory())
    client.post(reverse("accounts:invitation-send"), {"email": email, "role": "buyer"})
    Browser().post(reverse("account_reset_password"), {"email": email})
    signup = {"company": "Acme", "email": email, "password1": PASSWORD, "password2": PASSWORD}
    Browser().post(reverse("account_signup"), signup)
    assert mail.outbox == []
    assert not Invitation.objects.exists()
