"""A company's team: invited by mail, given roles, removed, and never without an owner."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from homeshield.accounts.errors import InvitationGone, LastOwner
from homeshield.accounts.models import Client, Invitation, User
from homeshield.accounts.permissions import ClientRole
from homeshield.accounts.team import invitation_accept, invitation_send, member_remove, member_role_change
from homeshield.audit.models import AuditEvent
from tests.concurrency.parallel import run_together
from tests.factories import PASSWORD, UserFactory
from tests.sign_in import sign_in

pytestmark = pytest.mark.django_db

TEAM = reverse("accounts:team-show")
INVITE = reverse("accounts:invitation-send")


@pytest.fixture
def owner() -> User:
    return UserFactory(email="owner@acme.example", client__name="Acme")


@pytest.fixture
def shop(client: Browser, owner: User) -> Browser:
    client.force_login(owner)
    return client


@pytest.fixture
def invite(shop: Browser, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Callable[..., str]:
    """Invites by the page; the address of the page that the mail names."""

    def invite(email: str = "Ann@acme.example", role: str = "buyer") -> str:
        with django_capture_on_commit_callbacks(execute=True):
            response = shop.post(INVITE, {"email": email, "role": role})
        assert response["Location"] == TEAM
        found = re.search(r"http://testserver(/accounts/invitations/\S+)", str(mail.outbox[-1].body))
        assert found
        assert "@" not in found[1]
        return found[1]

    return invite


def test_an_invitation_makes_a_user_once(invite: Callable[..., str], owner: User) -> None:
    link = invite()
    assert mail.outbox[-1].to == ["ann@acme.example"]
    visitor = Browser()
    assert "Join Acme" in visitor.get(link).content.decode()
    assert visitor.post(link, {"password": PASSWORD})["Location"] == reverse("account_login")
    ann = User.objects.get(email="ann@acme.example")
    assert (ann.client_id, ann.role) == (owner.client_id, ClientRole.BUYER)
    assert sign_in(visitor, ann), "the address counts as verified"
    again = Browser().post(link, {"password": PASSWORD})
    assert (again.status_code, User.objects.count()) == (404, 2)
    events = AuditEvent.objects.filter(action__startswith="invitation.").order_by("id")
    assert [event.action for event in events] == ["invitation.send", "invitation.accept"]


def test_a_sign_up_that_nobody_completed_keeps_nobody_out_of_a_team(invite: Callable[..., str], owner: User) -> None:
    squatter = Browser()
    claim = {
        "company": "Evil",
        "email": "ann@acme.example",
        "password1": "squatters-own-1",
        "password2": "squatters-own-1",
    }
    squatter.post(reverse("account_signup"), claim)
    visitor, link = Browser(), invite()
    assert visitor.post(link, {"password": "12345678"}).status_code == 422
    assert visitor.post(link, {"password": PASSWORD})["Location"] == reverse("account_login")
    ann = User.objects.get(email="ann@acme.example")
    assert (ann.client_id, ann.role) == (owner.client_id, ClientRole.BUYER)
    squatter.get(reverse("account_email_verification_sent"))
    assert "_auth_user_id" not in squatter.session
    assert not sign_in(squatter, ann, password="squatters-own-1")
    assert sign_in(visitor, ann)


def test_an_invitation_changes_nothing_for_who_has_an_account(invite: Callable[..., str]) -> None:
    ann = UserFactory(email="ann@acme.example")
    assert "already has an account" in Browser().get(link := invite()).content.decode()
    assert Browser().post(link, {"password": "another-of-mine-1"}).status_code == 200
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)


def test_a_bad_password_leaves_the_invitation_open(invite: Callable[..., str]) -> None:
    link = invite()
    refused = Browser().post(link, {"password": "12345678"})
    assert refused.status_code == 422
    assert "too common" in refused.content.decode()
    assert Browser().get(link).status_code == 200


@pytest.mark.parametrize("end", ["withdrawn", "replaced", "forged", "late"])
def test_a_link_that_does_not_count_any_more_makes_nobody(
    shop: Browser, invite: Callable[..., str], end: str, now: datetime
) -> None:
    link = invite()
    match end:
        case "withdrawn":
            shop.post(reverse("accounts:invitation-withdraw", args=[Invitation.objects.get().id]))
        case "replaced":
            invite()
        case "forged":
            link = link[:-2] + "/"
        case "late":
            sent = Invitation.objects.get()
            token = link.split("/")[-2]
            with pytest.raises(InvitationGone):
                invitation_accept(token=token, password=PASSWORD, as_of=sent.expires_at_utc)
            return
    response = Browser().post(link, {"password": PASSWORD})
    assert response.status_code == 404
    assert not User.objects.filter(email="ann@acme.example").exists()


def test_a_user_of_no_company_joins_and_one_of_another_does_not(invite: Callable[..., str], owner: User) -> None:
    free, bound = UserFactory(client=None), UserFactory()
    for user in (free, bound):
        link = invite(user.email, role="viewer")
        browser = Browser()
        assert "already has an account" in browser.get(link).content.decode()
        browser.force_login(user)
        browser.post(link)
    free.refresh_from_db()
    bound.refresh_from_db()
    assert (free.client_id, free.role) == (owner.client_id, ClientRole.VIEWER)
    assert bound.client_id != owner.client_id


def test_the_owner_does_not_learn_who_has_an_account(shop: Browser) -> None:
    stranger = UserFactory()
    for email in (stranger.email, "nobody@agency.example"):
        assert shop.post(INVITE, {"email": email, "role": "buyer"})["Location"] == TEAM


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "joe", "role": "buyer"}, "email"),
        ({"email": f"joe@{'acme.' * 60}example", "role": "buyer"}, "email"),
        ({"email": "owner@acme.example", "role": "buyer"}, "email"),
        ({"email": "ann@acme.example", "role": "king"}, "role"),
    ],
)
def test_what_cannot_be_invited_is_said_at_the_field(shop: Browser, fields: dict[str, str], field: str) -> None:
    response = shop.post(INVITE, fields)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not Invitation.objects.exists()


def test_roles_change_and_users_leave(shop: Browser, owner: User) -> None:
    ann = UserFactory(client=owner.client, role=ClientRole.VIEWER)
    shop.post(reverse("accounts:member-role", args=[ann.id]), {"role": "owner"})
    ann.refresh_from_db()
    assert ann.role == ClientRole.OWNER
    shop.post(reverse("accounts:member-remove", args=[ann.id]))
    ann.refresh_from_db()
    assert ann.client is None
    changes = AuditEvent.objects.filter(action="user.role", client_id=owner.client_id).order_by("id")
    assert [event.details for event in changes] == [{"was": "viewer", "is": "owner"}, {"was": "owner", "is": None}]


@pytest.mark.parametrize("name", ["member-role", "member-remove"])
def test_the_last_owner_stays(shop: Browser, owner: User, name: str) -> None:
    UserFactory(client=owner.client, role=ClientRole.BUYER)
    response = shop.post(reverse(f"accounts:{name}", args=[owner.id]), {"role": "buyer"})
    assert response.status_code == 409
    assert "needs an owner" in response.content.decode()
    owner.refresh_from_db()
    assert (owner.role, owner.client is None) == (ClientRole.OWNER, False)


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"is_active": False}, {"client": None}])
def test_the_database_keeps_an_owner(owner: User, change: dict[str, object]) -> None:
    UserFactory(client=owner.client, role=ClientRole.BUYER)
    with transaction.atomic(), connection.cursor() as cursor:
        User.objects.filter(id=owner.id).update(**change)
        with pytest.raises(IntegrityError, match="without an owner"), transaction.atomic():
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_users_of_another_company_are_not_there(shop: Browser, owner: User) -> None:
    theirs = UserFactory()
    assert theirs.email not in shop.get(TEAM).content.decode()
    for name in ("member-role", "member-remove"):
        response = shop.post(reverse(f"accounts:{name}", args=[theirs.id]), {"role": "owner"})
        assert response.status_code == 404
    theirs.refresh_from_db()
    assert theirs.client_id != owner.client_id


def test_too_many_invitations_are_slowed_down(shop: Browser, settings: Settings) -> None:
    settings.USER_RATE_LIMITS = {"invite": "1/h/user"}
    answers = [shop.post(INVITE, {"email": f"a{n}@acme.example", "role": "buyer"}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [302, 429]
    assert answers[1]["Retry-After"] == "60"
    assert shop.get(TEAM).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_remove_each_other_one_stays(now: datetime) -> None:
    one = UserFactory()
    two = UserFactory(client=one.client)
    company = one.client_id
    outcomes = run_together(
        [
            lambda: member_remove(client_id=company, user_id=one.id, as_of=now),
            lambda: member_role_change(client_id=company, user_id=two.id, role=ClientRole.VIEWER, as_of=now),
        ]
    )
    assert sum(isinstance(outcome, LastOwner) for outcome in outcomes) == 1
    assert User.objects.filter(client_id=company, role=ClientRole.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_accepted_once_however_often_it_is_sent_at_once(owner: User, now: datetime) -> None:
    tokens: list[str] = []
    assert owner.client_id is not None
    invitation_send(
        client_id=owner.client_id, email="ann@acme.example", role=ClientRole.BUYER, by=owner,
        link_of=lambda token: tokens.append(token) or token, as_of=now,  # type: ignore[func-returns-value]
    )  # fmt: skip
    later = now + timedelta(minutes=1)
    accept = [lambda: invitation_accept(token=tokens[0], password=PASSWORD, as_of=later)] * 3
    outcomes = run_together(accept)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvitationGone", "InvitationGone", "User"]
    assert Client.objects.get().users.count() == 2


@pytest.mark.django_db(transaction=True)
def test_without_the_mail_server_what_is_done_stays_done_and_is_said(owner: User, settings: Settings) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1},
        }
    }
    shop = Browser()
    shop.force_login(owner)
    page = shop.post(INVITE, {"email": "ann@acme.example", "role": "buyer"}, follow=True)
    assert page.status_code == 200
    assert "our mail server is down" in page.content.decode()
    assert Invitation.objects.get().email == "ann@acme.example"

    assert shop.post(reverse("account_change_password"), {
        "oldpassword": PASSWORD, "password1": "another-passphrase-77", "password2": "another-passphrase-77",
    }).status_code == 302  # fmt: skip
    owner.refresh_from_db()
    assert owner.check_password("another-passphrase-77")
