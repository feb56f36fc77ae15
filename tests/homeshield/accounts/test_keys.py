"""API keys: what is kept of them, who sees and ends them, and that the database holds to it."""

import re
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from homeshield.accounts.errors import KeyNotFound, KeyRefused, RoleMayNot, StatusForbids, TooManyKeys
from homeshield.accounts.keys import MAX_KEYS, MadeKey, key_create, key_find, key_revoke, key_use
from homeshield.accounts.models import ApiKey, Client, User
from homeshield.accounts.permissions import ClientRole
from homeshield.lib.instants import instant_text
from tests.factories import ClientFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/accounts/api-keys/"


@pytest.fixture
def buyer() -> User:
    return UserFactory()


@pytest.fixture
def browser(client: Browser, buyer: User) -> Browser:
    client.force_login(buyer)
    return client


def calls(made: MadeKey) -> int:
    """The status of a call with the key."""
    status: int = Browser(headers={"Authorization": f"Bearer {made.token}"}).get("/api/v1/inventory/facets").status_code
    return status


def test_a_key_is_recognised_and_only_its_digest_is_kept(buyer: User, as_of: datetime) -> None:
    assert buyer.client_id
    made = key_create(client_id=buyer.client_id, name=" nightly import ", created_by=buyer, as_of=as_of)
    assert re.fullmatch(r"hs_live_[a-z0-9]{12}_[a-z0-9]{40}", made.token)
    found = key_find(made.token)
    assert found == made.key
    stored = ApiKey.objects.get()
    secret = made.token.rpartition("_")[2]
    assert (stored.name, bytes(stored.digest)) == ("nightly import", sha256(secret.encode()).digest())
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_keys::text FROM api_keys")
        assert secret not in cursor.fetchone()[0]
    assert secret not in f"{made.key} {made.key!r}"


def test_nothing_like_a_key_is_one(buyer: User, as_of: datetime) -> None:
    assert buyer.client_id
    token = key_create(client_id=buyer.client_id, name="x", created_by=buyer, as_of=as_of).token
    for wrong in [
        "",
        "_",
        token[:-1],
        token + "a",
        token.upper(),
        token.replace("hs_live", "hs_test"),
        "é" * 20 + "_a",
    ]:
        assert key_find(wrong) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "nul\x00"])
def test_a_name_is_one_short_line(buyer: User, as_of: datetime, name: str) -> None:
    assert buyer.client_id
    with pytest.raises(KeyRefused):
        key_create(client_id=buyer.client_id, name=name, created_by=buyer, as_of=as_of)
    assert not ApiKey.objects.exists()


def test_the_last_use_is_written_once_a_minute(buyer: User, as_of: datetime) -> None:
    assert buyer.client_id
    token = key_create(client_id=buyer.client_id, name="x", created_by=buyer, as_of=as_of).token
    seen = []
    for seconds in (0, 59, 60, 61):
        key = key_find(token)
        assert key
        key_use(key=key, as_of=as_of + timedelta(seconds=seconds))
        seen.append(ApiKey.objects.get().last_used_at_utc)
    assert seen == [as_of, as_of, as_of + timedelta(minutes=1), as_of + timedelta(minutes=1)]


def test_only_the_client_itself_ends_a_key_and_only_once(buyer: User, as_of: datetime) -> None:
    assert buyer.client_id
    made = key_create(client_id=buyer.client_id, name="x", created_by=buyer, as_of=as_of)
    with pytest.raises(KeyNotFound):
        key_revoke(client_id=ClientFactory().id, key_id=made.key.id, as_of=as_of)
    assert key_find(made.token)
    key_revoke(client_id=buyer.client_id, key_id=made.key.id, as_of=as_of)
    assert key_find(made.token) is None
    with pytest.raises(KeyNotFound):
        key_revoke(client_id=buyer.client_id, key_id=made.key.id, as_of=as_of)


@pytest.mark.parametrize(
    "change", ["revoked_at_utc = NULL", r"digest = '\x00'", "client_id = gen_random_uuid()", "prefix = 'hs_live_other'"]
)
def test_the_database_keeps_a_revoked_key_revoked_and_its_facts_as_they_were(
    buyer: User, as_of: datetime, change: str
) -> None:
    assert buyer.client_id
    made = key_create(client_id=buyer.client_id, name="x", created_by=buyer, as_of=as_of)
    key_revoke(client_id=buyer.client_id, key_id=made.key.id, as_of=as_of)
    with pytest.raises(DatabaseError, match="update rows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE api_keys SET {change}")


def test_the_allowances_are_kept_out_of_the_database_s_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'api_allowances'::regclass")
        assert cursor.fetchone() == ("u",)


def test_a_client_has_so_many_keys_in_force_and_no_more(buyer: User, as_of: datetime) -> None:
    assert buyer.client_id
    made = [key_create(client_id=buyer.client_id, name=f"n{n}", created_by=buyer, as_of=as_of) for n in range(MAX_KEYS)]
    with pytest.raises(TooManyKeys):
        key_create(client_id=buyer.client_id, name="one more", created_by=buyer, as_of=as_of)
    key_create(client_id=ClientFactory().id, name="another client's", created_by=None, as_of=as_of)
    key_revoke(client_id=buyer.client_id, key_id=made[0].key.id, as_of=as_of)
    key_create(client_id=buyer.client_id, name="in its place", created_by=buyer, as_of=as_of)
    assert ApiKey.objects.filter(client=buyer.client, revoked_at_utc=None).count() == MAX_KEYS


@pytest.mark.parametrize("status", ["pending", "suspended", "closed"])
def test_a_client_that_is_not_active_gets_no_key(buyer: User, as_of: datetime, status: str) -> None:
    assert buyer.client
    Client.objects.filter(id=buyer.client.id).update(status=status)
    with pytest.raises(StatusForbids):
        key_create(client_id=buyer.client.id, name="x", created_by=buyer, as_of=as_of)
    with pytest.raises(IntegrityError, match="is not active, so it gets no API key"), transaction.atomic():
        ApiKey.objects.create(client=buyer.client, name="x", prefix="hs_live_x", digest=b"x", created_at_utc=as_of)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("change", [{"client": None}, {"role": "buyer"}], ids=["removed", "not an owner any more"])
def test_who_has_been_put_out_since_the_page_was_opened_makes_no_key(
    buyer: User, as_of: datetime, change: dict[str, object]
) -> None:
    assert buyer.client_id
    UserFactory(client=buyer.client)
    User.objects.filter(id=buyer.id).update(**change)
    with pytest.raises(RoleMayNot):
        key_create(client_id=buyer.client_id, name="x", created_by=buyer, as_of=as_of)
    assert not ApiKey.objects.exists()


class TestMail:
    """Every owner is told of every new key: who made it, when, and how it begins."""

    def test_owners_are_told_and_nobody_else(
        self, browser: Browser, buyer: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        owners: list[User] = [buyer, UserFactory(client=buyer.client)]
        UserFactory(client=buyer.client, role=ClientRole.BUYER)
        UserFactory(client=buyer.client, is_active=False)
        UserFactory()
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(PAGE, {"name": "buy at http://evil.example"})
        key, secret = ApiKey.objects.get(), answer.context["made"].token.rpartition("_")[2]
        assert sorted(to for sent in mail.outbox for to in sent.to) == sorted(owner.email for owner in owners)
        for sent in mail.outbox:
            assert sent.subject == "HomeShield: New API key"
            for told in (key.prefix, instant_text(key.created_at_utc), buyer.email):
                assert told in sent.body
            assert secret not in sent.body
            assert "evil" not in sent.body

    def test_a_key_by_an_operator_is_told_as_well(
        self, buyer: User, as_of: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        assert buyer.client_id
        for maker, told in ((None, False), (StaffFactory(), True)):
            with django_capture_on_commit_callbacks(execute=True):
                key_create(client_id=buyer.client_id, name="x", created_by=maker, as_of=as_of)
            assert ("HomeShield staff" in mail.outbox[-1].body) == told
        assert len(mail.outbox) == 2

    def test_without_a_mail_server_the_key_is_made(
        self,
        buyer: User,
        as_of: datetime,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        backend = "django.core.mail.backends.smtp.EmailBackend"
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"host": "127.0.0.1", "port": 1}}}
        assert buyer.client_id
        with django_capture_on_commit_callbacks(execute=True):
            made = key_create(client_id=buyer.client_id, name="x", created_by=buyer, as_of=as_of)
        assert key_find(made.token) == made.key


class TestPage:
    def test_a_company_that_waits_for_approval_is_told_so(self, browser: Browser, buyer: User) -> None:
        Client.objects.filter(users=buyer).update(status="pending")
        content = browser.get(PAGE).content.decode()
        assert "once our staff have approved your company" in content
        assert "Create a key</button>" not in content
        assert browser.post(PAGE, {"name": "x"}).status_code == 403
        assert not ApiKey.objects.exists()

    def test_keys_from_before_a_suspension_are_refused_can_be_revoked_and_serve_again(
        self, browser: Browser, buyer: User, as_of: datetime
    ) -> None:
        assert buyer.client_id
        company = Client.objects.filter(id=buyer.client_id)
        kept, leaked = (
            key_create(client_id=buyer.client_id, name=name, created_by=buyer, as_of=as_of) for name in ("a", "b")
        )
        company.update(status="suspended")
        assert "so its keys don’t work" in browser.get(PAGE).content.decode()
        assert calls(kept) == 403
        assert browser.post(reverse("accounts:key-revoke", args=[leaked.key.id])).status_code == 302
        assert browser.post(PAGE, {"name": "x"}).status_code == 403
        company.update(status="active")
        assert (calls(kept), calls(leaked)) == (200, 401)

    def test_a_key_too_many_is_refused(self, browser: Browser, buyer: User, as_of: datetime) -> None:
        assert buyer.client_id
        for n in range(MAX_KEYS):
            key_create(client_id=buyer.client_id, name=f"n{n}", created_by=buyer, as_of=as_of)
        said = "A company can have 20 API keys."
        answer = browser.post(PAGE, {"name": "one more"})
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
        assert ApiKey.objects.count() == MAX_KEYS

    def test_a_key_is_made_shown_once_listed_and_revoked(self, browser: Browser, buyer: User) -> None:
        made = browser.post(PAGE, {"name": "nightly import"}).content.decode()
        [token] = re.findall(r"hs_live_[a-z0-9]{12}_[a-z0-9]{40}", made)
        key = key_find(token)
        assert key
        assert (key.client, key.created_by) == (buyer.client, buyer)
        listed = browser.get(PAGE)
        assert "no-store" in listed["Cache-Control"]
        assert key.prefix in listed.content.decode()
        assert token not in listed.content.decode()
        answer = browser.post(reverse("accounts:key-revoke", args=[key.id]), follow=True)
        assert "It no longer works" in answer.content.decode()
        assert key_find(token) is None

    def test_a_key_without_a_name_is_not_made(self, browser: Browser) -> None:
        for name in ("", "   ", "a" * 101):
            assert browser.post(PAGE, {"name": name}).status_code == 422
        assert not ApiKey.objects.exists()

    def test_the_keys_are_the_company_s(self, browser: Browser, buyer: User, as_of: datetime) -> None:
        colleague = UserFactory(client=buyer.client)
        key_create(client_id=colleague.client_id, name="a colleague's", created_by=colleague, as_of=as_of)
        other = key_create(client_id=ClientFactory().id, name="somebody else's", created_by=None, as_of=as_of)
        shown = browser.get(PAGE).content.decode()
        assert "a colleague&#x27;s" in shown
        assert "somebody else" not in shown
        assert browser.post(reverse("accounts:key-revoke", args=[other.key.id])).status_code == 404
        assert key_find(other.token)

    def test_it_is_for_buyers(self, client: Browser) -> None:
        assert client.get(PAGE).status_code == 302
        client.force_login(StaffFactory())
        assert client.get(PAGE).status_code == 403


class TestStaff:
    def test_staff_revoke_keys(self, client: Browser, as_of: datetime) -> None:
        client.force_login(StaffFactory())
        made = key_create(client_id=ClientFactory().id, name="nightly import", created_by=None, as_of=as_of)
        client.post("/admin/accounts/apikey/", {"action": "revoke", "_selected_action": [made.key.id]})
        assert key_find(made.token) is None

    def test_staff_make_no_keys_not_even_superusers(self, client: Browser) -> None:
        client.force_login(StaffFactory())
        company = ClientFactory()
        address = "/admin/accounts/apikey/add/"
        assert client.get(address).status_code == 403
        assert client.post(address, {"client": company.id, "name": "by staff"}).status_code == 403
        assert address not in client.get("/admin/accounts/apikey/").content.decode()
        assert not ApiKey.objects.exists()

    def test_a_key_is_never_changed_or_deleted(self, client: Browser, as_of: datetime) -> None:
        client.force_login(StaffFactory())
        key = key_create(client_id=ClientFactory().id, name="x", created_by=None, as_of=as_of).key
        for address in (f"/admin/accounts/apikey/{key.id}/{verb}/" for verb in ("change", "delete")):
            assert client.post(address, {"name": "y", "post": "yes"}).status_code == 403
        assert ApiKey.objects.get().name == "x"
