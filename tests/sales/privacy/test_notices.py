"""Contract, "Opt-out": buyers are told, confirm once, and staff see it."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_keys import key_of
from leads.models import Lead, OptOut
from leads.opt_outs.models import OptOutKind, OptOutState
from sales.models import Notice
from sales.privacy.services import opt_out, opt_out_decide
from sales.privacy.tasks import left_over_enqueue
from tests.api.conftest import Caller, caller_of
from tests.factories import StaffFactory, UserFactory, stock
from tests.homeshield.worker import tasks_run
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def buyer(now: datetime) -> User:
    """Of a company that bought two leads, both of people who have opted out."""
    set_prices(since=now - timedelta(days=1))
    stock(2, as_of=now)
    user: User = UserFactory()
    assert user.client
    order = buy(user.client, 2, GOLD, as_of=now)
    for sale in order.sales.all():
        key = key_of(sale.lead.borrower_phone)
        assert key
        opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=False, as_of=now)
    return user


def test_the_page_shows_them_and_confirms_one(client: Browser, buyer: User) -> None:
    client.force_login(buyer)
    page = client.get(reverse("sales:notice-list")).content.decode()
    first, second = Notice.objects.order_by("told_at_utc", "id")
    assert str(first.sale_id) in page
    assert "Notices (2)" in page
    client.post(reverse("sales:notice-confirm", args=[first.id]))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.confirmed_by, second.confirmed_at_utc) == (buyer, None)
    assert first.confirmed_at_utc is not None
    assert buyer.email in client.get(reverse("sales:notice-list")).content.decode()
    assert AuditEvent.objects.get(action=AuditAction.NOTICE_CONFIRM).details == {"notices": 1}


def test_all_that_the_page_showed_are_confirmed_at_once(client: Browser, buyer: User, now: datetime) -> None:
    client.force_login(buyer)
    assert client.post(reverse("sales:notice-confirm-all"), {"until": "soon"}).status_code == 404
    client.post(reverse("sales:notice-confirm-all"), {"until": (now - timedelta(hours=1)).isoformat()})
    assert Notice.objects.filter(confirmed_at_utc=None).count() == 2
    client.post(reverse("sales:notice-confirm-all"), {"until": now.isoformat()})
    assert not Notice.objects.filter(confirmed_at_utc=None).exists()


def test_the_api_lists_and_confirms_them_once(buyer: User, now: datetime) -> None:
    assert buyer.client
    caller: Caller = caller_of(buyer.client, buyer, as_of=now)
    listed = caller.get("notices", confirmed="false").json()["notices"]
    assert len(listed) == 2
    first = caller.post(f"notices/{listed[0]['notice_id']}/confirm").json()
    again = caller.post(f"notices/{listed[0]['notice_id']}/confirm").json()
    assert first == again
    assert first["confirmed_at"] is not None
    assert {one["notice_id"] for one in caller.get("notices", confirmed="false").json()["notices"]} == {
        listed[1]["notice_id"]
    }
    assert Notice.objects.get(id=first["notice_id"]).confirmed_with == caller.key


def test_a_mail_that_cannot_be_sent_is_sent_later(buyer: User, now: datetime) -> None:
    with patch("homeshield.accounts.owner_mail.mail_send", side_effect=OSError):
        assert ("notices_mail", "FAILED") in tasks_run()
    assert Notice.objects.filter(mailed_at_utc=None).count() == 2
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 1
    tasks_run()
    (message,) = mail.outbox
    assert message.to == [buyer.email]
    assert "2 sales" in message.body
    assert not Notice.objects.filter(mailed_at_utc=None).exists()
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE notices SET confirmed_at_utc = NULL, confirmed_by_id = NULL",
        "UPDATE notices SET asks = 'delete'",
        "UPDATE notices SET told_at_utc = now()",
        "DELETE FROM notices",
    ],
)
def test_a_notice_is_final(client: Browser, buyer: User, now: datetime, change: str) -> None:
    client.force_login(buyer)
    client.post(reverse("sales:notice-confirm-all"), {"until": now.isoformat()})
    before = list(Notice.objects.order_by("id").values())
    with pytest.raises(Exception, match=r"is final|Cannot delete"), transaction.atomic():
        connection.cursor().execute(change)
    assert list(Notice.objects.order_by("id").values()) == before


def test_a_notice_is_about_a_sale_to_its_client(buyer: User, now: datetime) -> None:
    one = Notice.objects.first()
    assert one
    with pytest.raises(IntegrityError, match="notice_to_the_client_of_its_sale"), transaction.atomic():
        Notice.objects.create(
            client=UserFactory().client, sale=one.sale, opt_out=one.opt_out, asks="delete", told_at_utc=now
        )
    assert Notice.objects.count() == 2


class TestStaff:
    @pytest.fixture
    def staff(self, client: Browser) -> Browser:
        client.force_login(StaffFactory())
        return client

    def test_a_number_shows_the_person_and_that_is_on_record(self, staff: Browser, buyer: User) -> None:
        lead = Lead.objects.first()
        assert lead
        assert buyer.client
        shown = staff.post(reverse("admin:leads_optout_person"), {"phone": str(lead.borrower_phone)}).content.decode()
        assert str(lead.full_name) in shown
        assert buyer.client.name in shown
        assert AuditEvent.objects.filter(action=AuditAction.PERSON_FIND, details={"leads": 1}).count() == 1
        seen = AuditEvent.objects.filter(action=AuditAction.PERSONAL_DATA_SEE, object_id=str(lead.id))
        assert seen.count() == 1

    def test_they_opt_a_person_out(self, staff: Browser, now: datetime) -> None:
        lead = stock(1, as_of=now)[0].lead
        address = reverse("admin:leads_optout_person")
        form = staff.post(address, {"phone": str(lead.borrower_phone)}).context["form"]
        assert str(lead.borrower_phone) not in form["person"].value()
        answer = staff.post(address, {"person": form["person"].value(), "wants_erasure": "on"})
        one = OptOut.objects.get()
        assert answer["Location"] == reverse("admin:leads_optout_change", args=[one.id])
        assert (one.kind, one.state, one.leads, one.wants_erasure) == ("staff", "in_force", 1, True)
        tasks_run()
        lead.refresh_from_db()
        assert lead.erased_at_utc is not None

    def test_a_forged_person_is_nobody(self, staff: Browser, now: datetime) -> None:
        assert staff.post(reverse("admin:leads_optout_person"), {"person": "x"}).status_code == 422
        assert not OptOut.objects.exists()

    def test_a_decision_is_made_once(self, staff: Browser, now: datetime) -> None:
        lead = stock(1, as_of=now)[0].lead
        key = key_of(lead.borrower_phone)
        assert key
        one = OptOut.objects.create(
            key=key, kind=OptOutKind.PAGE, state=OptOutState.WAITING, received_at_utc=now,
            due_on=now.date(),
        )  # fmt: skip
        register = staff.get(reverse("admin:leads_optout_changelist")).content.decode()
        assert 'class="days-short">0' in register
        address = reverse("admin:leads_optout_decide", args=[one.id])
        staff.post(address, {"decision": "accept"})
        one.refresh_from_db()
        assert one.state == OptOutState.IN_FORCE
        assert staff.post(address, {"decision": "decline"}).status_code == 409
        with pytest.raises(Exception, match="decided already"):
            opt_out_decide(opt_out_id=one.id, accept=False, by_id=None, as_of=now)
        one.refresh_from_db()
        assert one.state == OptOutState.IN_FORCE
