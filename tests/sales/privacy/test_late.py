"""Contract, "Opt-out": what comes late. A common key, and leads that a load brings in after their person's opt-out."""

import io
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from inventory.models import CommonKey, Withdrawal
from inventory.upkeep.opening import FirstRecords
from inventory.withholding.models import Reason
from leads.contact_keys import key_of
from leads.ingestion import IngestReport, ingest
from leads.models import Lead, OptOut
from leads.opt_outs.models import OptOutKind, OptOutState
from sales.privacy.codes import code_make, code_redeem
from sales.privacy.deadlines import deadlines
from sales.privacy.services import opt_out, opt_out_decide, opt_out_request
from sales.privacy.tasks import left_over_enqueue
from tests.factories import StaffFactory, stock
from tests.homeshield.worker import tasks_run
from tests.leads.ingestion.csv_files import csv_bytes, row

pytestmark = pytest.mark.django_db

PHONE = "3181000102"


@pytest.fixture
def key() -> UUID:
    found = key_of(PHONE)
    assert found
    return found


def load_late(*, as_of: datetime) -> IngestReport:
    """Loads a lead of the person, as if the opt-out had come after its batch had asked the register."""
    called = f"{as_of - timedelta(days=200):%m-%d-%Y %H:%M:%S}"
    line = row(**{"mortgage_id": "7009", "call_in_date": called, "borrower_phone": PHONE})
    with patch("leads.ingestion.loading.opted_out_keys", return_value=frozenset()):
        return ingest(source=io.BytesIO(csv_bytes(line)), as_of=as_of, records=FirstRecords)


def test_a_confirmed_request_for_a_common_key_waits_for_staff(key: UUID, now: datetime) -> None:
    CommonKey.objects.create(key=key)
    asked = opt_out_request(key=key, wants_erasure=False, needs_code=True, as_of=now)
    assert deadlines(as_of=now).open == 0  # anybody can begin one, so it is nobody's work
    code = code_make(opt_out_id=asked.id, as_of=now)
    assert code_redeem(opt_out_id=asked.id, code=code, as_of=now).state == OptOutState.WAITING
    assert OptOut.objects.get().state == OptOutState.WAITING
    assert deadlines(as_of=now).open == 1


@pytest.mark.parametrize("is_erased_before", [True, False])
def test_a_lead_that_comes_after_the_erasure_is_erased_too(key: UUID, now: datetime, is_erased_before: bool) -> None:
    one = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    if is_erased_before:
        tasks_run()
        one.refresh_from_db()
        assert one.erased_at_utc is not None
    assert load_late(as_of=now).persons.opted_out == 1
    assert Withdrawal.objects.get().reason == Reason.ERASED
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 1
    tasks_run()
    lead = Lead.objects.get()
    assert (lead.borrower_phone, lead.phone_key) == (None, None)
    assert lead.erased_at_utc is not None
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 0


def test_a_late_lead_that_was_only_withdrawn_is_erased_once_the_person_asks_for_it(key: UUID, now: datetime) -> None:
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=False, as_of=now)
    load_late(as_of=now)
    opt_out(key=key, kind=OptOutKind.PAGE, wants_erasure=True, as_of=now + timedelta(days=1))
    tasks_run()
    assert Lead.objects.get().erased_at_utc is not None
    assert set(Withdrawal.objects.values_list("reason", flat=True)) == {Reason.OPT_OUT, Reason.ERASED}


def test_an_erasure_that_fails_the_second_time_is_given_again(key: UUID, now: datetime) -> None:
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    tasks_run()
    stock(1, as_of=now, borrower_phone=PHONE)
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    DBTaskResult.objects.all().delete()
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 1
    tasks_run()
    assert Lead.objects.get().erased_at_utc is not None
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 0


def test_the_scheduler_asks_the_register_by_an_index(now: datetime) -> None:
    """It has millions of keys of DROP."""
    asked = OptOut.objects.with_leads_to_erase().filter(done_at_utc__lt=now)[:10]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "opt_out_with_leads_to_erase" in asked.explain()
        assert "opt_out_with_leads_to_erase" in OptOut.objects.still_to_erase().explain()


def test_a_late_lead_of_who_asks_only_not_to_be_sold_is_withdrawn_alone(key: UUID, now: datetime) -> None:
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=False, as_of=now)
    assert load_late(as_of=now).persons.opted_out == 1
    assert Withdrawal.objects.get().reason == Reason.OPT_OUT
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 0
    assert Lead.objects.get().erased_at_utc is None


def test_a_late_lead_of_a_common_key_is_not_erased(key: UUID, now: datetime) -> None:
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    tasks_run()
    CommonKey.objects.create(key=key)
    assert load_late(as_of=now).persons.opted_out == 1
    assert Withdrawal.objects.get().reason == Reason.OPT_OUT
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 0


def test_a_second_opt_out_erases_what_has_come_since(key: UUID, now: datetime) -> None:
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    tasks_run()
    stock(1, as_of=now, borrower_phone=PHONE)
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    assert ("opt_out_erase", "SUCCESSFUL") in tasks_run()
    assert Lead.objects.get().erased_at_utc is not None


def test_an_accepted_opt_out_of_a_common_key_leaves_nothing_to_erase(key: UUID, now: datetime) -> None:
    stock(1, as_of=now, borrower_phone=PHONE)
    CommonKey.objects.create(key=key)
    one = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    opt_out_decide(opt_out_id=one.id, accept=True, by_id=None, as_of=now)
    assert left_over_enqueue(as_of=now + timedelta(hours=2)) == 0
    assert deadlines(as_of=now).next_due is None
    assert Lead.objects.get().erased_at_utc is None


def test_an_erasure_that_is_not_done_has_a_deadline(key: UUID, now: datetime) -> None:
    one = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=now)
    assert deadlines(as_of=now).next_due == one.due_on
    tasks_run()
    assert deadlines(as_of=now).next_due is None


def test_an_opt_out_by_staff_names_who_did_it(client: Browser, key: UUID, now: datetime) -> None:
    stock(1, as_of=now, borrower_phone=PHONE)
    staff = StaffFactory(is_superuser=True)
    client.force_login(staff)
    page = client.post(reverse("admin:leads_optout_person"), {"phone": PHONE})
    client.post(reverse("admin:leads_optout_person"), {"person": page.context["form"].initial["person"]})
    assert OptOut.objects.get().state == OptOutState.IN_FORCE
    assert Withdrawal.objects.get().withdrawn_by == staff
