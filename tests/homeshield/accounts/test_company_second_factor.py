"""An owner may require a second factor of the whole company."""

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import Client, User
from homeshield.audit.models import AuditEvent
from tests.factories import UserFactory
from tests.homeshield.accounts.test_second_factor import codes, confirm, set_up_an_app
from tests.sign_in import sign_in

pytestmark = pytest.mark.django_db

TEAM, REQUIRE = reverse("accounts:team-show"), reverse("accounts:second-factor-require")
PAGES = ["/inventory/", "/orders/", "/order/", TEAM, reverse("accounts:key-list")]


@pytest.fixture
def owner(client: Browser) -> User:
    user: User = UserFactory(email="owner@acme.example", client__name="Acme")
    assert sign_in(client, user)
    confirm(client)
    return user


def is_required(user: User) -> bool:
    assert user.client_id
    return Client.objects.values_list("requires_second_factor", flat=True).get(id=user.client_id)


def test_an_owner_without_one_cannot_require_it(client: Browser, owner: User) -> None:
    assert "set it up for yourself" in client.get(TEAM).content.decode()
    answer = client.post(REQUIRE, {"required": "yes"})
    assert answer.status_code == 409
    assert "Set up two-step verification for yourself first." in answer.content.decode()
    assert not is_required(owner)
    assert not AuditEvent.objects.filter(action="client.change").exists()


@pytest.mark.django_db(transaction=True)
def test_who_has_none_sets_one_up_before_they_see_anything(client: Browser, owner: User) -> None:
    set_up_an_app(client)
    member, browser = UserFactory(client=owner.client, role="buyer"), Browser()
    assert sign_in(browser, member)
    assert browser.get("/orders/").status_code == 200
    page = client.get(TEAM).content.decode()
    assert (page.count('<span class="tag tag-good">On</span>'), "Require it for everyone" in page) == (1, True)

    assert client.post(REQUIRE, {"required": "yes"})["Location"] == TEAM
    assert is_required(owner)
    event = AuditEvent.objects.get(action="client.change")
    assert (event.actor, event.details) == (owner.email, {"requires_second_factor": {"was": False, "is": True}})

    for page in PAGES[:3]:
        assert browser.get(page)["Location"] == reverse("mfa_index")
    assert browser.get("/orders/", headers={"HX-Request": "true"})["HX-Redirect"] == reverse("mfa_index")
    shown = browser.get("/orders/", follow=True).content.decode()
    assert "Your company requires two-step verification. Set it up to go on." in shown

    confirm(browser)
    set_up_an_app(browser)
    assert browser.get("/orders/").status_code == 200  # and is not asked for a code once more


@pytest.mark.django_db(transaction=True)
def test_a_further_factor_does_not_stand_for_the_first(client: Browser, owner: User) -> None:
    """As from a session that confirmed the password a moment before the first factor was set up elsewhere."""
    assert owner.client_id
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={})
    Client.objects.filter(id=owner.client_id).update(requires_second_factor=True)
    set_up_an_app(client)
    assert client.get("/orders/")["Location"].startswith(reverse("mfa_reauthenticate"))


def test_a_session_of_before_the_second_factor_does_not_pass(client: Browser, owner: User) -> None:
    thief = Browser()
    assert sign_in(thief, owner)
    set_up_an_app(client)
    client.post(REQUIRE, {"required": "yes"})
    for page in PAGES:
        assert thief.get(page)["Location"].startswith(reverse("mfa_reauthenticate")), page
    assert thief.post(REQUIRE, {"required": "no"})["Location"].startswith(reverse("mfa_reauthenticate"))
    assert is_required(owner)


def test_keys_and_other_companies_are_not_affected(client: Browser, owner: User) -> None:
    set_up_an_app(client)
    assert owner.client_id
    token = key_create(client_id=owner.client_id, name="crm", created_by=owner, as_of=owner.created_at_utc).token
    client.post(REQUIRE, {"required": "yes"})
    answer = Browser().get("/api/v1/prices", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    other = Browser()
    other.force_login(UserFactory())
    assert other.get("/orders/").status_code == 200


def test_it_can_be_made_optional_again(client: Browser, owner: User) -> None:
    secret = set_up_an_app(client)
    client.post(REQUIRE, {"required": "yes"})
    client.post(reverse("mfa_reauthenticate"), {"code": codes(secret)[-1]})
    assert client.post(REQUIRE, {"required": "no"})["Location"] == TEAM
    assert not is_required(owner)
    member = Browser()
    member.force_login(UserFactory(client=owner.client))
    assert member.get("/orders/").status_code == 200


def test_the_database_wants_an_owner_with_one(owner: User) -> None:
    assert owner.client_id
    member = UserFactory(client=owner.client, role="buyer")
    Authenticator.objects.create(user=member, type=Authenticator.Type.TOTP, data={"secret": "x"})
    Authenticator.objects.create(user=owner, type=Authenticator.Type.RECOVERY_CODES, data={})
    with pytest.raises(IntegrityError, match="no owner of client"), transaction.atomic():
        Client.objects.filter(id=owner.client_id).update(requires_second_factor=True)
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={})
    assert Client.objects.filter(id=owner.client_id).update(requires_second_factor=True) == 1
