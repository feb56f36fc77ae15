"""Staff adjust balances, reverse bookings and grant credit; a slip is refused where it is, and changes nothing."""

from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client
from homeshield.audit.models import AuditEvent
from homeshield.billing.ledger.models import ClientAccount, CreditLimitChange, LedgerTransaction
from tests.factories import ClientFactory, StaffFactory
from tests.homeshield.billing.ledger.money import balance, history, pay_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Client:
    """That has paid in 100 dollars, and may owe nothing."""
    company = ClientFactory(credit_limit=0)
    pay_in(company, "100.00")
    return company


@pytest.fixture
def staff() -> Browser:
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser


def page_of(company: Client, name: str, *more: object) -> str:
    return reverse(f"admin:billing_clientaccount_{name}", args=[company.id, *more])


WRONG_AMOUNTS = (
    ("12.345", "Enter dollars with two decimals at most"),
    ("-5", "Write it without a plus or minus sign."),
    ("10000000000", "Enter at most 9,999,999,999.99."),
    ("9" * 41, "A number has 40 characters at most."),
    ("NaN", "Write it in digits"),
)


def refused(staff: Browser, page: str, sent: dict[str, str], field: str, said: str) -> None:
    answer = staff.post(page, sent)
    assert answer.status_code == 422, sent
    assert said in " ".join(answer.context["form"].errors[field]), sent
    assert said in answer.content.decode()


def test_an_adjustment_moves_the_balance_either_way(staff: Browser, company: Client) -> None:
    page = page_of(company, "adjust")
    for direction, amount, said in (("add", "$1,000.5", "$1,000.50"), ("take", "1200", "−$1,200.00")):
        sent = {"direction": direction, "amount": amount, "reason": "Agreed by phone."}
        answer = staff.post(page, sent, follow=True)
        assert f"The balance was adjusted by {said}." in answer.content.decode()
    assert [row[1:] for row in history(company)] == [
        ("payment", Decimal("100.00"), Decimal("100.00")),
        ("adjustment", Decimal("1000.50"), Decimal("1100.50")),
        ("adjustment", Decimal("-1200.00"), Decimal("-99.50")),
    ]


def test_an_adjustment_that_is_sent_twice_is_booked_once(staff: Browser, company: Client) -> None:
    page = page_of(company, "adjust")
    once = staff.get(page).context["form"]["once"].value()
    sent = {"direction": "add", "amount": "5", "reason": "Agreed by phone.", "once": str(once)}
    assert (staff.post(page, sent).status_code, balance(company)) == (302, 105)
    again = staff.post(page, sent)
    assert again.status_code == 409
    assert "This form was sent before, and is booked once." in again.content.decode()
    assert (balance(company), len(history(company))) == (105, 2)
    assert AuditEvent.objects.filter(action="ledger.adjust").count() == 1


def test_a_wrong_adjustment_is_refused_at_its_field(staff: Browser, company: Client) -> None:
    sent = {"direction": "add", "amount": "5", "reason": "Agreed by phone."}
    for typed, said in (*WRONG_AMOUNTS, ("0", "Enter an amount above zero."), ("", "Enter an amount.")):
        refused(staff, page_of(company, "adjust"), sent | {"amount": typed}, "amount", said)
    refused(staff, page_of(company, "adjust"), sent | {"direction": "both"}, "direction", "not one of the available")
    refused(staff, page_of(company, "adjust"), sent | {"reason": " "}, "reason", "This field is required.")
    refused(staff, page_of(company, "adjust"), sent | {"reason": "r" * 201}, "reason", "at most 200 characters")
    assert (balance(company), len(history(company))) == (100, 1)


def test_a_transaction_is_reversed_once_at_its_own_client(staff: Browser, company: Client) -> None:
    paid = LedgerTransaction.objects.get()
    page = page_of(company, "reverse", paid.id)
    assert f"Payment of $100.00, “{paid.reference}”. Its opposite is booked" in staff.get(page).content.decode()
    refused(staff, page, {"reason": ""}, "reason", "This field is required.")
    other = page_of(ClientFactory(), "reverse", paid.id)
    assert (staff.get(other).status_code, staff.post(other, {"reason": "Wrong."}).status_code) == (404, 404)
    assert balance(company) == 100

    answer = staff.post(page, {"reason": "The bank took it back."}, follow=True)
    assert "The transaction was reversed." in answer.content.decode()
    again = staff.post(page, {"reason": "The bank took it back."})
    assert again.status_code == 409
    assert "This transaction was reversed before. Nothing was changed." in again.content.decode()
    assert [(row[1], row[2]) for row in history(company)] == [("payment", Decimal(100)), ("reversal", Decimal(-100))]


def test_credit_is_granted_and_taken_back(staff: Browser, company: Client) -> None:
    page = page_of(company, "credit")
    for typed, limit in (("2,500", Decimal(2500)), ("", None), ("0", Decimal(0))):
        assert staff.post(page, {"credit_limit": typed, "reason": "Trusted."}).status_code == 302
        assert ClientAccount.objects.get(client=company).credit_limit == limit
    changes = CreditLimitChange.objects.count()
    for typed, said in WRONG_AMOUNTS:
        refused(staff, page, {"credit_limit": typed, "reason": "Trusted."}, "credit_limit", said)
    refused(staff, page, {"credit_limit": "5", "reason": ""}, "reason", "This field is required.")
    assert CreditLimitChange.objects.count() == changes
    assert ClientAccount.objects.get(client=company).credit_limit == 0
