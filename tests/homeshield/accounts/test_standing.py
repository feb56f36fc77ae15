"""Staff change how a client stands with the shop, with a reason that is kept."""

from datetime import datetime

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from homeshield.accounts.models import Client, ClientChange, ClientStatus
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.models import AuditEvent
from tests.factories import ClientFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Client:
    return ClientFactory(name="Acme", status=ClientStatus.PENDING)


def standing(client: Client) -> str:
    return reverse("admin:accounts_client_standing", args=[client.id])


@pytest.fixture
def support(client: Browser) -> Browser:
    clerk = StaffFactory(is_superuser=False)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_client", "change_client"]))
    client.force_login(clerk)
    return client


def test_a_client_is_approved_and_licensed(support: Browser, acme: Client) -> None:
    page = reverse("admin:accounts_client_change", args=[acme.id])
    assert standing(acme) in support.get(page).content.decode()
    assert support.get(standing(acme)).status_code == 200
    sent = {"status": "active", "licensed_states": "tx, LA tx", "reason": "Papers are in order."}
    assert support.post(standing(acme), sent)["Location"] == page
    acme.refresh_from_db()
    assert (acme.status, acme.licensed_states) == ("active", ["LA", "TX"])
    change = ClientChange.objects.get()
    assert (change.status, change.licensed_states, change.reason) == ("active", ["LA", "TX"], "Papers are in order.")
    assert "Papers are in order." in support.get(page).content.decode()
    events = AuditEvent.objects.filter(client_id=acme.id, action__startswith="client.").order_by("id")
    assert [(event.action, event.details) for event in events] == [
        ("client.status", {"was": "pending", "is": "active"}),
        ("client.change", {"licensed_states": {"was": [], "is": ["LA", "TX"]}}),
    ]


def test_the_owners_are_told_of_the_approval(
    support: Browser, acme: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    owner = UserFactory(client=acme, role=ClientRole.OWNER)
    UserFactory(client=acme, role=ClientRole.BUYER)
    UserFactory(client=acme, role=ClientRole.OWNER, is_active=False)
    for status in ("active", "suspended", "active"):
        with django_capture_on_commit_callbacks(execute=True):
            support.post(standing(acme), {"status": status, "reason": "Papers are in order."})
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([owner.email], "HomeShield: Your company is approved")
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"status": "best"}, "status"), ({"licensed_states": "LA, ZZ"}, "licensed_states"), ({"reason": " "}, "reason")],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_changes(
    support: Browser, acme: Client, wrong: dict[str, str], field: str
) -> None:
    response = support.post(standing(acme), {"status": "active", "licensed_states": "", "reason": "Why not"} | wrong)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    acme.refresh_from_db()
    assert acme.status == ClientStatus.PENDING
    assert not ClientChange.objects.exists()


def test_without_the_permission_there_is_no_such_page(client: Browser, acme: Client) -> None:
    clerk = StaffFactory(is_superuser=False)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_client"))
    client.force_login(clerk)
    assert standing(acme) not in client.get(reverse("admin:accounts_client_change", args=[acme.id])).content.decode()
    assert client.get(standing(acme)).status_code == 403
    assert client.post(standing(acme), {"status": "active", "reason": "mine"}).status_code == 403


def test_a_change_stays_on_record(acme: Client, now: datetime) -> None:
    change = ClientChange.objects.create(
        client=acme, changed_at_utc=now, changed_by=StaffFactory(), status="active", reason="Papers"
    )
    for act in (lambda: ClientChange.objects.update(reason="Other"), change.delete):
        with pytest.raises(DatabaseError, match="client_changes"), transaction.atomic():
            act()


@pytest.mark.parametrize("states", [["ZZ"], ["la"], ["LA", "Texas"[:2]]])
def test_the_database_knows_the_states(acme: Client, states: list[str]) -> None:
    with pytest.raises(DatabaseError, match="client_licensed_states_known"), transaction.atomic():
        Client.objects.filter(id=acme.id).update(licensed_states=states)
