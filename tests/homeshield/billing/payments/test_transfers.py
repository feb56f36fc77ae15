"""Transfers that staff record (contract, "Money"): in the administration and by a command, each reference once."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client
from homeshield.audit.models import AuditEvent
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.services import ledger_reverse
from homeshield.billing.payments.models import Payment
from homeshield.billing.payments.services import transfer_code
from tests.factories import ClientFactory, StaffFactory
from tests.homeshield.billing.payments.paying import balance, ledger


@pytest.fixture
def company(db: None) -> Client:
    return ClientFactory()


@pytest.fixture
def staff(db: None) -> Browser:
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser


def record(*arguments: str) -> str:
    out = StringIO()
    call_command("record_transfer", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_credits_the_client(company: Client) -> None:
    facts = json.loads(record(str(company.id), "$5,000.00", "--reference", " FED  123 ", "--json"))
    assert facts == {
        "payment_id": str(Payment.objects.get().id), "client_id": str(company.id), "amount": "5000.00",
        "currency": "USD", "reference": "FED 123", "balance": "5000.00",
    }  # fmt: skip
    assert ledger(company.id) == [("payment", Decimal("5000.00"))]
    assert LedgerTransaction.objects.get().reference == "FED 123"
    assert AuditEvent.objects.filter(action="transfer.record", client_id=company.id).count() == 1
    assert "balance is $5,001.00" in record(transfer_code(company.id), "1", "--reference", "FED 124")


def test_a_reference_counts_once_whatever_its_case_and_client(company: Client) -> None:
    record(str(company.id), "10", "--reference", "FED 123")
    for client in (company, ClientFactory()):
        with pytest.raises(CommandError, match="--reference: A transfer with this reference is recorded already"):
            record(str(client.id), "10", "--reference", "fed 123")
        assert len(ledger(client.id)) == (client == company)


def test_a_transfer_that_was_recorded_for_the_wrong_client_is_reversed_and_recorded_again(company: Client) -> None:
    record(str(ClientFactory().id), "10", "--reference", "FED 123")
    wrong = LedgerTransaction.objects.get()
    ledger_reverse(transaction_id=wrong.id, reason="Another client.", by=None, as_of=wrong.happened_at_utc)
    assert Payment.objects.get().reversed_at_utc == wrong.happened_at_utc
    record(str(company.id), "10", "--reference", "FED 123")
    assert (balance(wrong.client_id), balance(company.id)) == (Decimal(0), Decimal(10))


@pytest.mark.parametrize(
    ("client", "amount", "reference", "said"),
    [
        (None, "0", "R", r"AMOUNT: The least is \$0.01"),
        (None, "10.005", "R", "AMOUNT: .* at most two digits"),
        (None, "-10", "R", "AMOUNT: Write it without a plus or minus sign"),
        (None, "1e3", "R", "AMOUNT: Write it in digits"),
        (None, "10000000", "R", "AMOUNT: The most is"),
        (None, "10 EUR", "R", "AMOUNT: Write it in digits"),
        (None, "10", "  ", "--reference: Enter the reference"),
        (None, "10", "R" * 101, "--reference: A reference has at most 100 characters"),
        (None, "10", "R\u200b", "--reference: Leave out control characters"),
        ("0198c0de-0000-7000-8000-000000000001", "10", "R", "CLIENT_ID: No client has this ID or code"),
        ("Acme", "10", "R", "CLIENT_ID: No client has this ID or code"),
    ],
)
def test_what_is_wrong_is_said_of_its_argument_and_nothing_is_recorded(
    company: Client, client: str | None, amount: str, reference: str, said: str
) -> None:
    with pytest.raises(CommandError, match=f"^{said}.*Nothing was recorded") as refused:
        record("--reference", reference, "--", client or str(company.id), amount)
    assert refused.value.returncode == 2
    assert (Payment.objects.count(), ledger(company.id)) == (0, [])


def test_staff_record_it_in_the_administration(staff: Browser, company: Client) -> None:
    page = reverse("admin:billing_payment_transfer")
    sent = {"client": transfer_code(company.id), "amount": "250.00", "reference": "FED 9"}
    assert staff.post(page, sent).status_code == 302
    assert ledger(company.id) == [("payment", Decimal("250.00"))]
    again = staff.post(page, sent)
    assert again.status_code == 422
    assert "Each transfer counts once" in again.content.decode()
    for wrong, said in (
        ({"client": "nobody"}, "No client has this ID or code"),
        ({"amount": "2.505"}, "at most two digits"),
        ({"amount": "GBP 5"}, "US dollars alone"),
        ({"reference": ""}, "Enter the reference"),
    ):
        answer = staff.post(page, sent | {"reference": "FED 10"} | wrong)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), wrong
    assert Payment.objects.count() == 1


def test_staff_without_the_permission_record_nothing(company: Client) -> None:
    browser = Browser()
    browser.force_login(StaffFactory(is_superuser=False))
    page = reverse("admin:billing_payment_transfer")
    sent = {"client": str(company.id), "amount": "250.00", "reference": "FED 9"}
    assert (browser.get(page).status_code, browser.post(page, sent).status_code) == (403, 403)
    assert not Payment.objects.exists()
