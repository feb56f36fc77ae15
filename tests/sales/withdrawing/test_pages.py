"""How staff withdraw leads and take that back, page by page."""

from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from homeshield.audit.models import AuditEvent
from inventory.models import InventoryRecord, Withdrawal, WithdrawalTakenBack
from inventory.withholding.services import leads_withdraw
from leads.models import Lead
from tests.concurrency.orders import gold_6
from tests.factories import ClientFactory, StaffFactory, UserFactory
from tests.inventory.withholding.people import Inquiry, load, on_sale
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

WITHDRAW = "admin:inventory_withdrawal_withdraw"
NOTE = "The number rings at a bakery."


@pytest.fixture
def staff() -> Browser:
    browser = Browser()
    browser.force_login(StaffFactory(email="ann@homeshield.example"))
    return browser


@pytest.fixture
def leads(now: datetime) -> list[Lead]:
    """Four of one load. The first is sold; the last two are of one person."""
    set_prices(now - timedelta(days=1))
    inquiries = [Inquiry(number, None, timedelta(days=260 - 10 * number)) for number in (0, 1, 2)]
    found, _ = load(*inquiries, Inquiry(2, None, timedelta(days=220)), as_of=now)
    buy(ClientFactory(name="Abbot Agency"), 1, gold_6(), as_of=now)
    return found


def said(leads: list[Lead], **other: str) -> dict[str, str]:
    ids = "\n".join(str(lead.id) for lead in leads)
    return {"leads": ids, "load": "", "reason": "dead_number", "note": NOTE} | other


def test_a_withdrawal_shows_what_it_does_before_it_does_it(staff: Browser, leads: list[Lead], now: datetime) -> None:
    before = on_sale(now)
    page = staff.post(reverse(WITHDRAW), said([leads[0], leads[2]]))
    text = page.content.decode()
    assert page.status_code == 200
    assert page.context["effect"].leads == 3  # the other inquiry of the person goes, too
    assert (page.context["effect"].on_sale, page.context["effect"].sold) == (1, 1)
    assert "with all leads of the same number" in text
    assert "Abbot Agency" in text
    assert on_sale(now) == before
    assert not Withdrawal.objects.exists()

    done = staff.post(reverse(WITHDRAW), said([leads[0], leads[2]], _confirm="Withdraw"))
    withdrawal = Withdrawal.objects.get()
    assert done["Location"] == reverse("admin:inventory_withdrawal_change", args=[withdrawal.id])
    assert on_sale(now) == {leads[1].id}
    assert (withdrawal.reason, withdrawal.note) == ("dead_number", NOTE)
    assert withdrawal.withdrawn_by
    assert withdrawal.withdrawn_by.email == "ann@homeshield.example"
    [event] = AuditEvent.objects.filter(action="withdrawal.make")
    assert (event.actor, event.details) == ("ann@homeshield.example", {"reason": "dead_number", "leads": 3})
    assert NOTE not in str(event.details)


def test_the_form_comes_back_as_it_was_sent_where_staff_edit_it(staff: Browser, leads: list[Lead]) -> None:
    page = staff.post(reverse(WITHDRAW), said(leads[:1], _edit="Edit"))
    assert (page.status_code, page.context["form"]["note"].value()) == (200, NOTE)
    assert not Withdrawal.objects.exists()


def test_a_load_is_withdrawn_by_its_number(staff: Browser, leads: list[Lead], now: datetime) -> None:
    number = str(leads[0].load_id)
    page = staff.get(reverse(WITHDRAW), {"load": number})
    assert page.context["form"].initial == {"leads": "", "load": number, "reason": "bad_load"}
    sent = said([], load=number, reason="bad_load")
    assert staff.post(reverse(WITHDRAW), sent).context["effect"].leads == 4
    staff.post(reverse(WITHDRAW), sent | {"_confirm": "Withdraw"})
    assert on_sale(now) == set()


def test_a_lead_and_the_list_of_leads_lead_there(staff: Browser, leads: list[Lead]) -> None:
    page = staff.get(reverse("admin:leads_lead_change", args=[leads[2].id])).content.decode()
    assert "a later inquiry of the person stands" in page
    link = f"{reverse(WITHDRAW)}?lead={leads[2].id}"
    assert link in page
    assert staff.get(link).context["form"].initial["leads"] == str(leads[2].id)
    chosen = {"action": "withdraw", "_selected_action": [str(lead.id) for lead in leads[:2]]}
    page_of_list = staff.post(reverse("admin:leads_lead_changelist"), chosen)
    assert set(page_of_list.context["form"].initial["leads"].split()) == {str(lead.id) for lead in leads[:2]}
    assert not Withdrawal.objects.exists()


def test_a_load_leads_there(staff: Browser, leads: list[Lead]) -> None:
    page = staff.get(reverse("admin:leads_load_change", args=[leads[0].load_id]))
    assert f"{reverse(WITHDRAW)}?load={leads[0].load_id}" in page.content.decode()


def test_a_withdrawal_is_taken_back_on_its_page(staff: Browser, leads: list[Lead], now: datetime) -> None:
    staff.post(reverse(WITHDRAW), said(leads[1:2], reason="other", _confirm="Withdraw"))
    withdrawal = Withdrawal.objects.get()
    link = reverse("admin:inventory_withdrawal_take_back", args=[withdrawal.id])
    page = reverse("admin:inventory_withdrawal_change", args=[withdrawal.id])
    assert link in staff.get(page).content.decode()
    assert staff.post(link, {"note": " "}).status_code == 422
    assert leads[1].id not in on_sale(now)
    assert staff.post(link, {"note": "It was the bakery's mistake."})["Location"] == page
    assert leads[1].id in on_sale(now)
    assert WithdrawalTakenBack.objects.get().note == "It was the bakery's mistake."
    after = staff.get(page).content.decode()
    assert link not in after
    assert "Taken back" in after
    again = staff.post(link, {"note": "Once more."})
    assert again.status_code == 422
    assert "taken back before" in again.content.decode()


def test_what_a_person_asked_for_has_no_way_back(staff: Browser, leads: list[Lead], now: datetime) -> None:
    leads_withdraw(lead_ids=[leads[1].id], reason="opt_out", note="By mail.", by_id=None, as_of=now)
    withdrawal = Withdrawal.objects.get()
    link = reverse("admin:inventory_withdrawal_take_back", args=[withdrawal.id])
    assert link not in staff.get(reverse("admin:inventory_withdrawal_change", args=[withdrawal.id])).content.decode()
    assert staff.post(link, {"note": "Why not."}).status_code == 422
    assert leads[1].id not in on_sale(now)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"leads": ""}, "Name leads or a load."),
        ({"load": "1"}, "Name leads or a load."),
        ({"leads": "", "load": "twelve"}, "A load has a number"),
        ({"leads": "Ada Fontenot"}, "by their ids"),
        ({"leads": "00000000-0000-7000-8000-000000000000"}, "nothing of that name"),
        ({"leads": "", "load": "7777", "reason": "bad_load"}, "nothing of that name"),
        ({"leads": "", "load": "1", "reason": "other"}, "because it is bad"),
        ({"note": ""}, "This field is required"),
        ({"reason": ""}, "This field is required"),
        ({"reason": "opt_out"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_on_the_form(
    staff: Browser, leads: list[Lead], changes: dict[str, str], words: str
) -> None:
    page = staff.post(reverse(WITHDRAW), said(leads[:1]) | changes)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Withdrawal.objects.exists()


def test_a_lead_that_is_unknown_among_known_ones_stops_the_withdrawal(staff: Browser, leads: list[Lead]) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    sent = said(leads[:1], _confirm="Withdraw") | {"leads": f"{leads[0].id} {nobody}"}
    page = staff.post(reverse(WITHDRAW), sent)
    assert page.status_code == 422
    assert nobody in page.content.decode()
    assert not InventoryRecord.objects.filter(withheld=True, lead=leads[0]).exists()


def test_a_buyer_does_not_come_in(leads: list[Lead]) -> None:
    browser = Browser()
    browser.force_login(UserFactory())
    answer = browser.post(reverse(WITHDRAW), said(leads, _confirm="Withdraw"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
    assert not Withdrawal.objects.exists()
