"""Contract, "Opt-out": the public page, which tells nobody whether a number is known."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings

from inventory.models import InventoryRecord
from leads.models import Lead, OptOut
from leads.opt_outs.models import OptOutState
from sales.models import OptOutCode
from sales.privacy import codes
from tests.factories import stock

pytestmark = pytest.mark.django_db

SENT: list[tuple[str, str]] = []


def send(number: str, text: str) -> None:
    SENT.append((number, text))


def send_nothing(number: str, text: str) -> None:
    raise OSError


@pytest.fixture(autouse=True)
def _fresh() -> None:
    SENT.clear()
    cache.clear()


@pytest.fixture
def texting(settings: Settings) -> None:
    settings.TEXT_MESSAGE_SENDER = f"{__name__}.send"


def ask(browser: Browser, phone: str, **data: str) -> Any:
    return browser.post(reverse("sales:opt-out"), {"phone": phone, **data})


def sent_code() -> str:
    (found,) = re.findall(r"\d{6}", SENT[-1][1])
    return str(found)


@pytest.fixture
def lead(now: datetime) -> Lead:
    return stock(1, as_of=now)[0].lead


@pytest.mark.usefixtures("texting")
def test_a_code_that_was_sent_to_the_number_confirms_it(client: Browser, lead: Lead, now: datetime) -> None:
    assert ask(client, f"1-{lead.borrower_phone}")["Location"] == reverse("sales:opt-out-code")
    assert [number for number, _ in SENT] == [lead.borrower_phone]
    assert OptOut.objects.get().state == OptOutState.UNCONFIRMED
    assert InventoryRecord.objects.sellable(now).exists()  # nothing is done yet
    answer = client.post(reverse("sales:opt-out-code"), {"code": sent_code()})
    assert answer["Location"] == reverse("sales:opt-out-done")
    assert OptOut.objects.get().state == OptOutState.IN_FORCE
    assert not InventoryRecord.objects.sellable(now).exists()
    assert not OptOutCode.objects.exists()


@pytest.mark.usefixtures("texting")
def test_nothing_tells_whether_a_number_is_known(lead: Lead) -> None:
    said = []
    for phone in (str(lead.borrower_phone), "2021000199"):
        browser = Browser()
        answers = [
            ask(browser, phone),
            browser.get(reverse("sales:opt-out-code")),
            browser.post(reverse("sales:opt-out-code"), {"code": sent_code()}),
            browser.get(reverse("sales:opt-out-done")),
        ]
        tokens = re.compile(r'(name="csrfmiddlewaretoken" value=|nonce=)"[^"]+"|"X-CSRFToken": "[^"]+"')
        said.append([(a.status_code, a.get("Location"), tokens.sub("", a.content.decode())) for a in answers])
    assert said[0] == said[1]
    assert OptOut.objects.filter(state=OptOutState.IN_FORCE).count() == 2


@pytest.mark.usefixtures("texting")
def test_a_wrong_code_and_a_code_that_is_too_old_change_nothing(client: Browser, lead: Lead, now: datetime) -> None:
    ask(client, str(lead.borrower_phone))
    wrong = "000000" if sent_code() != "000000" else "000001"
    for _ in range(codes.ATTEMPTS):
        answer = client.post(reverse("sales:opt-out-code"), {"code": wrong})
        assert answer.status_code == 422
        assert "This code is wrong or too old" in answer.content.decode()
    assert client.post(reverse("sales:opt-out-code"), {"code": sent_code()}).status_code == 422  # tried too often
    ask(client, str(lead.borrower_phone))
    OptOutCode.objects.update(expires_at_utc=now - timedelta(seconds=1))
    assert client.post(reverse("sales:opt-out-code"), {"code": sent_code()}).status_code == 422
    assert OptOut.objects.get().state == OptOutState.UNCONFIRMED
    assert InventoryRecord.objects.sellable(now).exists()


def test_without_a_sender_staff_confirm_it(client: Browser, lead: Lead, now: datetime, settings: Settings) -> None:
    settings.TEXT_MESSAGE_SENDER = ""
    assert ask(client, str(lead.borrower_phone), wants_erasure="on")["Location"] == reverse("sales:opt-out-done")
    one = OptOut.objects.get()
    assert (one.state, one.wants_erasure) == (OptOutState.WAITING, True)
    assert InventoryRecord.objects.sellable(now).exists()


def test_a_message_that_cannot_be_sent_leaves_it_to_staff(client: Browser, lead: Lead, settings: Settings) -> None:
    settings.TEXT_MESSAGE_SENDER = f"{__name__}.send_nothing"
    assert ask(client, str(lead.borrower_phone))["Location"] == reverse("sales:opt-out-done")
    assert OptOut.objects.get().state == OptOutState.WAITING


@pytest.mark.usefixtures("texting")
def test_to_ask_for_erasure_takes_a_code_too(client: Browser, lead: Lead) -> None:
    """Who knows a number that is opted out must not have it erased."""
    ask(client, str(lead.borrower_phone))
    client.post(reverse("sales:opt-out-code"), {"code": sent_code()})
    ask(Browser(), str(lead.borrower_phone), wants_erasure="on")
    assert set(OptOut.objects.values_list("state", "wants_erasure")) == {("in_force", False), ("unconfirmed", True)}
    assert not OptOut.objects.still_to_erase().exists()


@pytest.mark.parametrize("phone", ["", "12345", "800-100-0123", "1111111111", "not a number", "9" * 60])
def test_what_is_no_persons_number_is_refused(client: Browser, phone: str) -> None:
    assert ask(client, phone).status_code == 422
    assert not OptOut.objects.exists()


@pytest.mark.usefixtures("texting")
def test_one_number_is_sent_no_more_than_five_messages_an_hour(client: Browser) -> None:
    statuses = [ask(client, "2021000199").status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert len(SENT) == 5


def test_the_page_of_the_code_is_for_who_has_asked(client: Browser) -> None:
    assert client.get(reverse("sales:opt-out-code"))["Location"] == reverse("sales:opt-out")


def test_the_footer_of_every_page_leads_there(client: Browser) -> None:
    assert f'href="{reverse("sales:opt-out")}"' in client.get("/").content.decode()
