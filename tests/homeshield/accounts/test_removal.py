"""Who is removed from a team has made API keys, and has seen them: the page that removes lists them to be revoked."""

from datetime import datetime
from functools import partial

import pytest
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.errors import KeysNotShown, RoleMayNot
from homeshield.accounts.keys import MadeKey, key_create, key_find, key_revoke
from homeshield.accounts.models import ApiKey, User
from homeshield.accounts.permissions import ClientRole
from homeshield.accounts.team import member_remove
from homeshield.audit.models import AuditEvent
from tests.concurrency.parallel import rival, run_beside
from tests.factories import ClientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory(client__name="Acme")


@pytest.fixture
def ann(owner: User) -> User:
    """Another owner."""
    return UserFactory(client=owner.client)


@pytest.fixture
def shop(client: Browser, owner: User) -> Browser:
    client.force_login(owner)
    return client


def made(name: str, by: User, as_of: datetime) -> MadeKey:
    assert by.client_id
    return key_create(client_id=by.client_id, name=name, created_by=by, as_of=as_of)


def page_of(user: User) -> str:
    return reverse("accounts:member-remove", args=[user.id])


def test_the_page_lists_the_users_keys_and_revokes_those_that_are_ticked(
    shop: Browser, owner: User, ann: User, as_of: datetime
) -> None:
    crm, dialer, old = (made(name, ann, as_of) for name in ("crm", "dialer", "old"))
    assert ann.client_id
    key_revoke(client_id=ann.client_id, key_id=old.key.id, as_of=as_of)
    kept = made("the owner's", owner, as_of)
    assert f'href="{page_of(ann)}"' in shop.get(reverse("accounts:team-show")).content.decode()

    content = shop.get(page_of(ann)).content.decode()
    assert [made.key.prefix in content for made in (crm, dialer, old, kept)] == [True, True, False, False]
    assert content.count("checked>") == 2
    ann.refresh_from_db()
    assert ann.client == owner.client, "looking removes nobody"

    answer = shop.post(
        page_of(ann), {"shown": [crm.key.id, dialer.key.id], "revoke": [crm.key.id, kept.key.id]}, follow=True
    )
    assert f"{ann.email} was removed from your team. 1 API key revoked." in answer.content.decode()
    ann.refresh_from_db()
    assert ann.client is None
    assert [key_find(made.token) is not None for made in (crm, dialer, kept)] == [False, True, True]
    assert AuditEvent.objects.filter(action="api_key.revoke", actor_id=owner.id).count() == 1
    assert f"{ann.email}, no longer in your team" in " ".join(
        shop.get(reverse("accounts:key-list")).content.decode().split()
    )


def test_a_key_that_was_not_shown_is_shown_before_anybody_is_removed(shop: Browser, ann: User, as_of: datetime) -> None:
    shown, later = made("shown", ann, as_of), made("later", ann, as_of)
    answer = shop.post(page_of(ann), {"shown": [shown.key.id], "revoke": [shown.key.id]})
    assert answer.status_code == 409
    assert later.key.prefix in answer.content.decode()
    ann.refresh_from_db()
    assert ann.client is not None
    assert key_find(shown.token), "nothing is revoked"


@pytest.mark.parametrize("named", ["nonsense", "", "00000000-0000-7000-8000-000000000000", "\0"])
def test_what_names_no_key_revokes_nothing(shop: Browser, ann: User, as_of: datetime, named: str) -> None:
    key = made("crm", ann, as_of)
    assert shop.post(page_of(ann), {"shown": [named], "revoke": [named]}).status_code == 409
    assert key_find(key.token)


def test_a_key_of_another_company_is_not_revoked_along(shop: Browser, ann: User, as_of: datetime) -> None:
    other = key_create(client_id=ClientFactory().id, name="x", created_by=None, as_of=as_of)
    assert shop.post(page_of(ann), {"shown": [other.key.id], "revoke": [other.key.id]}).status_code == 302
    assert key_find(other.token)


def test_who_keeps_out_of_the_team_has_no_page(shop: Browser) -> None:
    assert shop.get(page_of(UserFactory())).status_code == 404


def test_who_stops_being_an_owner_leaves_keys_that_the_owner_is_reminded_of(
    shop: Browser, ann: User, as_of: datetime
) -> None:
    role = reverse("accounts:member-role", args=[ann.id])
    reminder = f"API keys that {ann.email} created still work"
    assert reminder not in shop.post(role, {"role": "buyer"}, follow=True).content.decode()
    shop.post(role, {"role": "owner"})
    ann.refresh_from_db()
    made("crm", ann, as_of)
    assert reminder in shop.post(role, {"role": "buyer"}, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_key_is_made_before_a_removal_or_not_at_all(owner: User, ann: User, as_of: datetime) -> None:
    assert owner.client_id
    remove = partial(member_remove, client_id=owner.client_id, user_id=ann.id, as_of=as_of)
    with rival(lambda: made("crm", ann, as_of)) as maker:
        assert isinstance(run_beside(remove, then=lambda: maker.end(commit=True)), KeysNotShown)
    ApiKey.objects.update(revoked_at_utc=as_of)
    with rival(remove) as remover:
        late = run_beside(lambda: made("late", ann, as_of), then=lambda: remover.end(commit=True))
    assert isinstance(late, RoleMayNot)
    assert [key.name for key in ApiKey.objects.all()] == ["crm"]
    assert list(User.objects.filter(client=owner.client, role=ClientRole.OWNER)) == [owner]
