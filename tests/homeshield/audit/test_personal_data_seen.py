"""Whoever is shown personal data is on record: once for each user, object and hour."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import get_resolver, reverse

from homeshield.accounts.models import Client
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from homeshield.audit.recorded_views import RecordedViews
from homeshield.audit.sealing import audit_seal
from homeshield.audit.services import audit_seen
from homeshield.audit.verification import audit_verify
from homeshield.lib.origin import within
from homeshield.lib.personal_data import About, fields_about
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Lead
from sales.models import Order
from tests.factories import StaffFactory, UserFactory, stock
from tests.homeshield.audit.recorded import By
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def order(now: datetime) -> Order:
    set_prices(since=now - timedelta(days=1))
    stock(3, as_of=now)
    buyer = UserFactory()
    assert buyer.client
    return buy(buyer.client, 2, GOLD, as_of=now)


def seen() -> list[tuple[Any, ...]]:
    events = AuditEvent.objects.filter(action=AuditAction.PERSONAL_DATA_SEE).order_by("id")
    return list(events.values_list("actor", "object_type", "object_id", "client_id", "details"))


def test_staff_who_look_at_a_lead(client: Browser, order: Order) -> None:
    lead, staff = Lead.objects.latest("id"), StaffFactory()
    client.force_login(staff)
    for _ in range(3):
        client.get(reverse("admin:leads_lead_change", args=[lead.id]))
    client.get(reverse("admin:leads_lead_changelist"))  # shows nobody
    assert seen() == [(staff.email, "leads.lead", str(lead.id), None, {})]


def test_staff_who_look_at_a_user_and_at_a_companys_users(client: Browser, order: Order) -> None:
    staff, company = StaffFactory(), order.client
    buyer = company.users.get()
    client.force_login(staff)
    client.get(reverse("admin:accounts_user_change", args=[buyer.id]))
    client.get(reverse("admin:accounts_client_change", args=[company.id]))
    assert seen() == [
        (staff.email, "accounts.user", str(buyer.id), company.id, {}),
        (staff.email, "accounts.client", str(company.id), company.id, {}),
    ]


def test_a_buyer_who_looks_at_the_leads_of_an_order(client: Browser, order: Order) -> None:
    buyer = order.client.users.get()
    client.force_login(buyer)
    for _ in range(2):
        client.get(reverse("sales:order-show", args=[order.id]))
    client.get(reverse("sales:order-list"))
    assert seen() == [(buyer.email, "sales.order", str(order.id), order.client_id, {})]


def test_who_is_shown_nobody_is_not_on_record(client: Browser, order: Order) -> None:
    page = reverse("sales:order-show", args=[order.id])
    client.force_login(UserFactory(client=order.client, role=ClientRole.VIEWER))
    assert client.get(page).status_code == 200
    client.force_login(UserFactory())
    assert client.get(page).status_code == 404
    client.force_login(StaffFactory(is_superuser=False))
    assert client.get(reverse("admin:leads_lead_change", args=[Lead.objects.latest("id").id])).status_code == 403
    assert seen() == []


def test_each_user_object_and_hour_counts_by_itself() -> None:
    ada, joe = UserFactory(), UserFactory()
    hour = datetime.fromisoformat("2026-06-01T12:00:00Z")
    for user, obj, minutes in [
        (ada, joe, 0), (ada, joe, 59), (ada, joe, 60), (joe, joe, 0), (ada, ada, 0), (ada, ada, -1), (ada, joe, 61),
    ]:  # fmt: skip
        with within(By(user)):
            audit_seen(obj=obj, client_id=None, as_of=hour + timedelta(minutes=minutes))
    assert [(actor, object_id) for actor, _, object_id, *_ in seen()] == [
        (ada.email, str(joe.id)), (ada.email, str(joe.id)), (joe.email, str(joe.id)),
        (ada.email, str(ada.id)), (ada.email, str(ada.id)),
    ]  # fmt: skip


def test_the_database_keeps_it_so(as_of: datetime) -> None:
    ada = UserFactory()
    event: dict[str, Any] = {
        "action": AuditAction.PERSONAL_DATA_SEE, "outcome": "done", "actor_id": ada.id, "actor": ada.email,
        "channel": "page", "object_type": "leads.lead", "object_id": "1",
    }  # fmt: skip
    AuditEvent.objects.create(occurred_at_utc=as_of, **event)
    with pytest.raises(IntegrityError, match="audit_event_seen_once_an_hour"), transaction.atomic():
        AuditEvent.objects.create(occurred_at_utc=as_of + timedelta(minutes=59), **event)
    AuditEvent.objects.create(occurred_at_utc=as_of, **event | {"action": AuditAction.PURCHASE})
    AuditEvent.objects.create(occurred_at_utc=as_of, **event | {"action": AuditAction.PURCHASE})
    assert AuditEvent.objects.count() == 3


def test_it_is_sealed_counted_and_found_like_any_other(client: Browser, order: Order, now: datetime) -> None:
    client.force_login(StaffFactory())
    lead = Lead.objects.latest("id")
    client.get(reverse("admin:leads_lead_change", args=[lead.id]))
    audit_seal(as_of=now)
    verdict = audit_verify()
    assert (verdict.holds, verdict.seen, verdict.waiting) == (True, 1, 0)
    shown = client.get(reverse("admin:audit_auditevent_changelist"), {"what": "personal_data.see"})
    assert [event.object_id for event, _ in shown.context["rows"]] == [str(lead.id)]
    assert "Personal data seen" in shown.content.decode()


def test_every_staff_page_that_shows_personal_data_records_it() -> None:
    """Events apart: each look would be one more event to look at, and who acts is what they are there to tell."""
    assert get_resolver().url_patterns
    request = RequestFactory().get("/")
    request.user = StaffFactory()
    unrecorded = set()
    shown: set[tuple[type[Model], Any]]
    for model, page in admin.site._registry.items():
        shown = {(model, name) for name in flatten_fieldsets(page.get_fieldsets(request, model()))}
        for inline in page.inlines:
            shown |= {(inline.model, name) for name in inline.fields or ()}
        personal = {
            (one, name)
            for one, name in shown
            if name in fields_about(one, About.HOMEOWNER) | fields_about(one, About.ACCOUNT)
        }
        if personal and not isinstance(page, RecordedViews):
            unrecorded.add(model)
    assert unrecorded == {AuditEvent}
    assert isinstance(admin.site._registry[Client], RecordedViews)
