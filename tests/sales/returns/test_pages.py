"""Returns on pages: of an order's leads, by CSV, the list, and the queue of staff."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from sales.models import Return
from sales.returns.models import ReturnReason, ReturnStatus
from sales.returns.services import return_decide
from sales.returns.uploads import MOST_BYTES
from tests.factories import LoadFactory, StaffFactory
from tests.sales.purchases import set_prices
from tests.sales.returns.conftest import Bought, bought
from tests.sales.returns.test_returns import linked

pytestmark = pytest.mark.django_db

LIST, UPLOAD = "/returns/", "/returns/upload/"


@pytest.fixture
def shop(client: Browser, now: datetime) -> tuple[Browser, Bought]:
    """A browser of a company that bought ten leads a minute ago."""
    set_prices(since=now - timedelta(days=1))
    of = bought(now - timedelta(minutes=2), leads=10)
    client.force_login(of.user)
    return client, of


def text(response: Any) -> str:
    """What a page says, without its tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def address(of: Bought) -> str:
    return reverse("sales:return-new", args=[of.order.id])


class TestOrderPage:
    def test_each_lead_can_be_selected_while_the_window_is_open(self, shop: tuple[Browser, Bought]) -> None:
        browser, of = shop
        page = browser.get(reverse("sales:order-show", args=[of.order.id])).content.decode()
        assert page.count('form="return-form"') == 10
        assert f'name="sale" value="{of.sales[0].id}"' in page
        lead = browser.get(reverse("sales:lead-show", args=[of.sales[0].id])).content.decode()
        assert f"{address(of)}?sale={of.sales[0].id}" in lead

    def test_none_afterwards(self, client: Browser, now: datetime) -> None:
        set_prices(since=now - timedelta(days=9))
        of = bought(now - timedelta(days=7), leads=1)
        client.force_login(of.user)
        assert "return-form" not in client.get(reverse("sales:order-show", args=[of.order.id])).content.decode()
        page = client.get(address(of), {"sale": str(of.sales[0].id)})
        assert "None of these leads can be returned." in text(page)
        sent = client.post(address(of), {"sale": str(of.sales[0].id), "reason": "deceased"})
        assert sent.status_code == 422
        assert not Return.objects.exists()

    def test_several_at_once(self, shop: tuple[Browser, Bought]) -> None:
        browser, of = shop
        ids = [str(sale.id) for sale in of.sales[:3]]
        page = browser.get(address(of), {"sale": ids})
        assert page.content.decode().count('name="sale"') == 3
        done = browser.post(address(of), {"sale": ids, "reason": "disconnected", "note": "No tone."}, follow=True)
        assert done.redirect_chain == [(LIST, 302)]
        said = text(done)
        assert "2 leads returned. $16.00 credited to your balance." in said
        assert "1 lead waits for review by our staff." in said
        assert "Return rate 20%" in said
        assert "Left to credit at once $0.00" in said
        order_page = text(browser.get(reverse("sales:order-show", args=[of.order.id])))
        assert order_page.count("Waiting for review") == 1
        assert text(browser.get(reverse("billing:balance-show"))).count(f"Return #{of.order.number}") == 2

    def test_what_is_refused_stays_on_the_page_with_its_reason_and_what_was_typed(
        self, shop: tuple[Browser, Bought]
    ) -> None:
        browser, of = shop
        one, two, three = of.sales[:3]
        linked(one, two)
        sent = {"sale": [str(one.id), str(three.id)], "reason": "duplicate", "note": "Bought twice."}
        page = browser.post(address(of), sent)
        assert page.status_code == 422
        said = text(page)
        assert "1 lead returned. $8.00 credited" in said
        assert "You owned no other lead of this person" in said
        assert "Bought twice." in said
        content = page.content.decode()
        assert (str(one.id) in content, str(three.id) in content) == (False, True)
        assert Return.objects.get().sale_id == one.id

    def test_without_a_reason_or_a_lead(self, shop: tuple[Browser, Bought]) -> None:
        browser, of = shop
        page = browser.post(address(of), {"sale": str(of.sales[0].id), "reason": "", "note": "Kept"})
        assert page.status_code == 422
        assert "Choose a reason." in text(page)
        assert "Kept" in text(page)
        nothing = browser.get(address(of), {"sale": ["nonsense", str(of.order.id)]}, follow=True)
        assert "Select the leads that you want to return." in text(nothing)
        assert not Return.objects.exists()

    def test_another_companys_order_is_not_there(self, shop: tuple[Browser, Bought], now: datetime) -> None:
        other = bought(now - timedelta(minutes=2), leads=1)
        sent = {"sale": str(other.sales[0].id), "reason": "deceased"}
        assert shop[0].post(address(other), sent).status_code == 404
        asked = shop[0].post(address(shop[1]), sent, follow=True)
        assert "Select the leads" in text(asked)
        assert not Return.objects.exists()


class TestUpload:
    def test_it_is_shown_before_it_counts(self, shop: tuple[Browser, Bought]) -> None:
        browser, of = shop
        ids = [sale.id for sale in of.sales]
        lines = ["sale_id,reason", *(f"{one},deceased" for one in ids[:3]), f"{ids[3]},duplicate", "42,deceased"]
        file = SimpleUploadedFile("returns.csv", "\n".join([*lines, f"{of.order.id},deceased"]).encode())
        page = browser.post(UPLOAD, {"file": file})
        said = text(page)
        assert "Nothing was returned yet." in said
        assert "Credited at once 2 leads, $16.00" in said
        assert "Reviewed by our staff 1 lead, $8.00" in said
        assert "Line 5: You owned no other lead of this person" in said
        assert "Line 6: The sale id is not a UUID." in said
        assert "Line 7: You have no such sale." in said
        assert not Return.objects.exists()
        again = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.content.decode(), re.DOTALL)
        assert again is not None
        done = browser.post(UPLOAD, {"text": again[1], "confirm": "yes"}, follow=True)
        assert "2 leads returned." in text(done)
        assert Return.objects.count() == 3

    @pytest.mark.parametrize(
        ("sent", "said"),
        [({}, "Choose a file or paste the lines"), ({"text": "a,b\n1,2"}, "names no columns sale_id and reason")],
        ids=["nothing", "columns"],
    )
    def test_what_cannot_be_read_is_said_at_its_field(
        self, shop: tuple[Browser, Bought], sent: dict[str, str], said: str
    ) -> None:
        page = shop[0].post(UPLOAD, {**sent, "file": ""})
        assert page.status_code == 422
        assert said in text(page)
        assert sent.get("text", "") in page.content.decode()

    def test_a_file_that_is_too_large(self, shop: tuple[Browser, Bought]) -> None:
        file = SimpleUploadedFile("returns.csv", b"x" * (MOST_BYTES + 1))
        assert shop[0].post(UPLOAD, {"file": file}).status_code == 413


class TestDecisions:
    def test_a_decision_is_news_until_it_is_read(self, shop: tuple[Browser, Bought]) -> None:
        browser, of = shop
        of.give_back(*of.sales[:3])
        waiting = Return.objects.get(status=ReturnStatus.WAITING)
        assert "Notices (" not in text(browser.get(LIST))
        return_decide(return_id=waiting.id, accept=False, word="It rings.", by_id=StaffFactory().id, as_of=of.as_of)
        page = browser.get(LIST)
        assert "Notices (1)" in text(page)
        assert "“It rings.”" in text(page)
        assert "decided 1 of your returns" in text(browser.get(reverse("sales:notice-list")))
        until = re.search(r'name="until" value="([^"]+)"', page.content.decode())
        assert until is not None
        assert "Notices (" not in text(browser.post("/returns/read/", {"until": until[1]}, follow=True))

    def test_staff_decide_on_one_screen(self, shop: tuple[Browser, Bought], admin_browser: Browser) -> None:
        _, of = shop
        of.give_back(*of.sales[:3], reason=ReturnReason.NEVER_ASKED)
        waiting = Return.objects.select_related("sale__lead").get(status=ReturnStatus.WAITING)
        queue = admin_browser.get(reverse("admin:sales_return_changelist"))
        assert "1 return to decide" in text(queue)
        assert str(waiting.sale.lead.last_name) not in text(queue)
        decide = reverse("admin:sales_return_decide", args=[waiting.id])
        page = admin_browser.get(decide)
        said = text(page)
        assert str(waiting.sale.lead.full_name) in said
        assert "No tone." in said
        assert "10 leads, $80.00" in said
        assert "2 accepted (20%, $16.00), 1 waiting" in said
        assert "Opt the person out" in said
        assert AuditEvent.objects.filter(action=AuditAction.PERSONAL_DATA_SEE, object_id=waiting.sale.lead_id).exists()
        refused = admin_browser.post(decide, {"decision": "refuse", "word": ""})
        assert refused.status_code == 422
        assert "Tell the buyer why." in text(refused)
        admin_browser.post(decide, {"decision": "accept", "word": "Sorry."})
        waiting.refresh_from_db()
        assert (waiting.status, waiting.word) == (ReturnStatus.ACCEPTED, "Sorry.")
        assert "Already decided" not in text(admin_browser.get(decide, follow=True))

    def test_staff_see_what_other_buyers_said_of_the_person(
        self, shop: tuple[Browser, Bought], admin_browser: Browser, now: datetime
    ) -> None:
        _, of = shop
        other = bought(now - timedelta(minutes=2), leads=5)
        other.give_back(other.sales[0], reason=ReturnReason.DECEASED)
        linked(of.sales[0], other.sales[0])
        of.give_back(of.sales[1], of.sales[2], of.sales[0])
        said = text(
            admin_browser.get(reverse("admin:sales_return_decide", args=[Return.objects.get(sale=of.sales[0]).id]))
        )
        assert f"{other.client.name}, 6 to 8 months: returned, Deceased (Accepted)" in said

    def test_returns_of_a_load_are_counted(
        self, shop: tuple[Browser, Bought], admin_browser: Browser, capsys: pytest.CaptureFixture[str], now: datetime
    ) -> None:
        load = LoadFactory(loaded_at_utc=now)
        of = bought(now - timedelta(minutes=2), leads=10, load=load)
        of.give_back(*of.sales[:3])
        told = "2 returned (2 Number disconnected), 1 waiting"
        assert told in text(admin_browser.get(reverse("admin:leads_load_change", args=[load.id])))
        call_command("loads", str(load.id))
        assert f"Given back by buyers: {told}" in capsys.readouterr().out
        call_command("loads", "--json")
        [one] = json.loads(capsys.readouterr().out)["loads"]
        assert one["returns"] == {"accepted": 2, "waiting": 1, "refused": 0, "reasons": {"disconnected": 2}}


@pytest.fixture
def admin_browser() -> Browser:
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser
