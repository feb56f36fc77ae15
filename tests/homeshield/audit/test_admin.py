"""An auditor finds events by who, what, when, client, object and outcome, and nobody changes one."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from homeshield.accounts.models import User
from homeshield.audit import admin
from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.models import AuditEvent
from homeshield.audit.sealing import audit_seal
from homeshield.audit.services import audit_record
from homeshield.lib.origin import Origin, within
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:audit_auditevent_changelist")


@pytest.fixture
def auditor(client: Browser) -> Browser:
    """Staff who may look at the audit record, and at nothing else."""
    user = StaffFactory(is_superuser=False)
    user.user_permissions.set([Permission.objects.get(codename="view_auditevent")])
    client.force_login(user)
    return client


@pytest.fixture
def buyer() -> User:
    return UserFactory(email="ada@bayou.example", client__name="Bayou Insurance")


@pytest.fixture
def purchase(as_of: datetime, buyer: User) -> UUID:
    """One purchase among other events."""
    for minutes, action in enumerate([AuditAction.SIGN_OUT, AuditAction.INGEST, AuditAction.PRICE_SET]):
        audit_record(action=action, as_of=as_of + timedelta(minutes=minutes), outcome=Outcome.FAILED)
    with within(Origin(request_id="request-of-purchase")):
        return audit_record(
            action=AuditAction.PURCHASE,
            actor=buyer,
            client_id=buyer.client_id,
            obj=("sales.order", "01890d3c-order"),
            details={"leads": 25},
            as_of=as_of + timedelta(hours=1),
        )


def shown(response: Any) -> list[UUID]:
    assert response.status_code == 200
    return [event.id for event, _ in response.context["rows"]]


def test_the_newest_are_first_and_told_in_words(auditor: Browser, purchase: UUID, as_of: datetime) -> None:
    response = auditor.get(LIST)
    assert shown(response) == list(AuditEvent.objects.order_by("-occurred_at_utc").values_list("id", flat=True))
    content = response.content.decode()
    for said in ("2026-06-01 13:00:00", "Purchase", "ada@bayou.example", "Bayou Insurance", "leads 25", "waits"):
        assert said in content
    audit_seal(as_of=as_of)
    assert "waits" not in auditor.get(LIST).content.decode()


def test_each_filter_finds_the_purchase_alone(auditor: Browser, purchase: UUID, buyer: User) -> None:
    for wanted in [
        {"who": "Ada@Bayou.example "},
        {"who": str(buyer.id)},
        {"what": "purchase"},
        {"outcome": "done"},
        {"since": "2026-06-01 12:30"},
        {"since": "2026-06-01 13:00", "before": "2026-06-01 13:00:01"},
        {"client": str(buyer.client_id)},
        {"object": "01890d3c-order"},
        {"request": "request-of-purchase"},
        {"who": "ada@bayou.example", "what": "purchase", "outcome": "done"},
    ]:
        assert shown(auditor.get(LIST, wanted)) == [purchase], wanted
    for nothing in [{"who": "bayou"}, {"client": str(uuid4())}, {"before": "2026-06-01"}, {"object": "%"}]:
        response = auditor.get(LIST, nothing)
        assert shown(response) == []
        assert "No event matches." in response.content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"client": "Bayou"}, "This is not a client&#x27;s id. Copy it from the client&#x27;s page."),
        ({"since": "yesterday"}, "Write the instant like 2026-03-14 15:09, in UTC."),
        ({"what": "everything"}, "Select a valid choice."),
    ],
)
def test_a_filter_that_cannot_be_understood_is_said_at_its_field(
    auditor: Browser, purchase: UUID, wrong: dict[str, str], said: str
) -> None:
    response = auditor.get(LIST, wrong)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert response.context["rows"] == []


def test_pages_follow_one_another_to_the_end_and_back(
    auditor: Browser, as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "ROWS", 3)
    made = [audit_record(action=AuditAction.PURCHASE, as_of=as_of) for _ in range(8)]  # all at one instant
    audit_record(action=AuditAction.INGEST, as_of=as_of)
    pages, address = [], f"{LIST}?what=purchase"
    while address:
        page = auditor.get(address).context["page"]
        pages.append([event.id for event in page.rows])
        last, address = page, f"{LIST}?what=purchase&cursor={page.next_cursor}" if page.next_cursor else ""
    assert pages == [made[7:4:-1], made[4:1:-1], made[1::-1]]
    assert shown(auditor.get(f"{LIST}?what=purchase&cursor={last.previous_cursor}")) == pages[1]
    response = auditor.get(f"{LIST}?cursor=nonsense")
    assert "This link is out of date." in response.content.decode()
    assert len(shown(response)) == 3


def test_a_list_costs_the_same_whatever_it_shows(
    auditor: Browser, purchase: UUID, as_of: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(40):
        audit_record(action=AuditAction.PURCHASE, client_id=UserFactory().client_id, as_of=as_of)
    with django_assert_max_num_queries(7) as queries:  # session, user, permissions, estimate, events, clients
        auditor.get(LIST)
    of_the_table = [query["sql"] for query in queries.captured_queries if 'FROM "audit_events"' in query["sql"]]
    assert [sql for sql in of_the_table if " LIMIT " not in sql] == []


def test_an_event_is_told_in_full_with_its_place_in_the_chain(
    auditor: Browser, purchase: UUID, as_of: datetime
) -> None:
    address = reverse("admin:audit_auditevent_change", args=[purchase])
    assert "not sealed yet" in auditor.get(address).content.decode()
    audit_seal(as_of=as_of)
    event = AuditEvent.objects.get(id=purchase)
    content = auditor.get(address).content.decode()
    for said in (
        str(purchase),
        "01890d3c-order",
        "request-of-purchase",
        bytes(event.seal.hash).hex(),
        "&quot;leads&quot;: 25",
    ):
        assert said in content


def test_nobody_changes_one_not_even_a_superuser(client: Browser, purchase: UUID) -> None:
    client.force_login(StaffFactory())
    before = list(AuditEvent.objects.values())
    change = reverse("admin:audit_auditevent_change", args=[purchase])
    for address in (
        change,
        reverse("admin:audit_auditevent_delete", args=[purchase]),
        reverse("admin:audit_auditevent_add"),
    ):
        assert client.post(address, {"action": "sign_in", "post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [purchase], "post": "yes"})
    assert list(AuditEvent.objects.values()) == before


def test_staff_without_the_permission_see_none(client: Browser, purchase: UUID) -> None:
    client.force_login(StaffFactory(is_superuser=False))
    assert client.get(LIST).status_code == 403
    assert client.get(reverse("admin:audit_auditevent_change", args=[purchase])).status_code == 403
