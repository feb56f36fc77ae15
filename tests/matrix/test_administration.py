"""Every page of the administration, for staff of every group and for everybody else. A page without a rule fails."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import ApiKey, Client, User
from homeshield.billing.documents.models import Document
from homeshield.billing.ledger.services import ledger_adjust
from homeshield.billing.models import RefundRequest
from inventory.models import Withdrawal
from leads.models import OptOut
from tests.matrix.addresses import names
from tests.matrix.documentation import staff_may
from tests.matrix.people import GROUPS, World, world

pytestmark = pytest.mark.django_db

PAYMENTS, MOVE_MONEY = "See payments and refunds", "Record transfers, decide on refunds"
SEE = {
    "accounts_client": "See clients and their users",
    "accounts_user": "See clients and their users",
    "accounts_apikey": "See API keys",
    "audit_auditevent": "See the audit record",
    "auth_group": None,  # superusers alone
    "billing_document": "See invoices, credit notes and statements",
    "billing_clientaccount": "See clients' accounts and the ledger",
    "billing_dispute": PAYMENTS,
    "billing_payment": PAYMENTS,
    "billing_paymentevent": PAYMENTS,
    "billing_refund": PAYMENTS,
    "billing_refundrequest": PAYMENTS,
    "billing_topup": PAYMENTS,
    "exports_export": "See orders, sales and exports",
    "leads_optout": "See opt-outs and notices",
    "leads_optoutlist": "See opt-outs and notices",
    "sales_notice": "See opt-outs and notices",
    "sales_return": "See returns",
    "sales_order": "See orders, sales and exports",
    "sales_sale": "See orders, sales and exports",
    "inventory_inventoryrecord": "See leads, inventory and withdrawals",
    "inventory_withdrawal": "See leads, inventory and withdrawals",
    "leads_lead": "See leads, inventory and withdrawals",
    "leads_load": "See loads",
    "pricing_clientprice": "See prices and discounts",
    "pricing_discountrule": "See prices and discounts",
    "pricing_pricerule": "See prices and discounts",
}
PRICES = "Set and withdraw prices and discounts"
ADD = {
    "accounts_user": None,
    "pricing_clientprice": PRICES,
    "pricing_discountrule": PRICES,
    "pricing_pricerule": PRICES,
}
"""What can be added at all, superusers included."""
WITHDRAW = "Withdraw leads, and take that back"
MONEY = "Grant credit, adjust balances, reverse transactions"
OTHERS = {
    "billing_document_pdf": "See invoices, credit notes and statements",
    "accounts_client_standing": "Change a client's status and licensed states",
    "auth_user_password_change": None,
    "billing_clientaccount_csv": "See clients' accounts and the ledger",
    "billing_clientaccount_credit": MONEY,
    "billing_clientaccount_adjust": MONEY,
    "billing_clientaccount_reverse": MONEY,
    "billing_payment_transfer": MOVE_MONEY,
    "billing_refundrequest_decide": MOVE_MONEY,
    "leads_optout_person": "Look a person up by phone number, opt people out",
    "leads_optout_decide": "Look a person up by phone number, opt people out",
    "pricing_clientprice_end": PRICES,
    "pricing_discountrule_end": PRICES,
    "sales_return_decide": "Decide returns",
    "inventory_withdrawal_withdraw": WITHDRAW,
    "inventory_withdrawal_take_back": WITHDRAW,
}
FOR_ALL_STAFF = {"index", "password_change", "password_change_done", "jsi18n", "app_list"}
ACTIONS = ("changelist", "change", "history", "add", "delete")
NOT_FOR_READING = {"login", "logout", "autocomplete", "view_on_site", "(?P<url>.*)$", "<path:object_id>/"}
"""How one comes in and out, and what answers with an address or not at all."""


@pytest.fixture
def everybody(now: datetime) -> World:
    return world(now)


def test_every_page_has_a_rule() -> None:
    there = {name.removeprefix("admin:") for name in names() if name.startswith("admin:")}
    lists = {f"{model}_{action}" for model in SEE for action in ACTIONS}
    assert there == lists | OTHERS.keys() | FOR_ALL_STAFF | NOT_FOR_READING


def allowed(staff: str, act: str | None) -> bool:
    if staff == "superuser":
        return True
    return act is not None and staff in GROUPS and staff_may(act, group=staff)


def page(model: str, action: str) -> str:
    if action in {"changelist", "add"}:
        return reverse(f"admin:{model}_{action}")
    app, _, name = model.partition("_")
    row = apps.get_model(app, name)._default_manager.first()
    return reverse(f"admin:{model}_{action}", args=[row.pk if row else "00000000-0000-7000-8000-000000000000"])


def test_lists_and_pages_open_for_whom_the_documentation_says(everybody: World) -> None:
    wrong = []
    for staff, user in everybody.staff.items():
        browser = Browser()
        browser.force_login(user)
        for model, act in SEE.items():
            expected = {action: allowed(staff, act) for action in ("changelist", "change", "history")}
            expected["add"] = model in ADD and allowed(staff, ADD[model])
            for action, opens in expected.items():
                if (status := browser.get(page(model, action)).status_code) != (200 if opens else 403):
                    wrong.append((staff, model, action, status))
    assert wrong == []


def test_nothing_is_deleted(everybody: World) -> None:
    """Prices and discounts apart that are not in force yet, which are withdrawn (tests/pricing)."""
    wrong = []
    for staff, user in everybody.staff.items():
        browser = Browser()
        browser.force_login(user)
        for model in SEE.keys() - {"pricing_pricerule", "pricing_discountrule", "pricing_clientprice"}:
            path = page(model, "delete")
            statuses = {browser.post(path, {"post": "yes"}).status_code}
            if staff == "superuser":
                statuses.add(browser.get(path).status_code)
            if statuses != {403}:
                wrong.append((staff, model, statuses))
    assert wrong == []


def test_the_other_pages(everybody: World, now: datetime) -> None:
    client, buyer = Client.objects.first(), everybody.users["buyer", "active"]
    assert client is not None
    for staff, user in everybody.staff.items():
        browser = Browser()
        browser.force_login(user)
        standing = browser.get(reverse("admin:accounts_client_standing", args=[client.id]))
        assert standing.status_code == (200 if allowed(staff, OTHERS["accounts_client_standing"]) else 403)
        person = browser.get(reverse("admin:leads_optout_person"))
        assert person.status_code == (200 if allowed(staff, OTHERS["leads_optout_person"]) else 403)
        decide = browser.get(reverse("admin:leads_optout_decide", args=[OptOut.objects.open().get().id]))
        assert decide.status_code == (200 if allowed(staff, OTHERS["leads_optout_decide"]) else 403)
        document = Document.objects.first()
        assert document is not None
        pdf = browser.get(reverse("admin:billing_document_pdf", args=[document.id]))
        assert pdf.status_code == (200 if allowed(staff, OTHERS["billing_document_pdf"]) else 403)
        withdrawal = Withdrawal.objects.get()
        for address in (
            reverse("admin:inventory_withdrawal_withdraw"),
            reverse("admin:inventory_withdrawal_take_back", args=[withdrawal.id]),
        ):
            answer = browser.get(address)
            assert answer.status_code == (200 if allowed(staff, WITHDRAW) else 403)
        made = ledger_adjust(client_id=client.id, amount=Decimal(1), reason="Ours.", by=user, as_of=now)
        sheet = browser.get(reverse("admin:billing_clientaccount_csv"))
        assert sheet.status_code == (200 if allowed(staff, OTHERS["billing_clientaccount_csv"]) else 403)
        for name, *more in (("credit",), ("adjust",), ("reverse", made)):
            answer = browser.get(reverse(f"admin:billing_clientaccount_{name}", args=[client.id, *more]))
            assert answer.status_code == (200 if allowed(staff, MONEY) else 403)
        for address in (
            reverse("admin:billing_payment_transfer"),
            reverse("admin:billing_refundrequest_decide", args=[RefundRequest.objects.latest("id").id]),
        ):
            assert browser.get(address).status_code == (200 if allowed(staff, MOVE_MONEY) else 403)
        for model in ("discountrule", "clientprice"):
            answer = browser.get(page(f"pricing_{model}", "end"))
            assert answer.status_code == (200 if allowed(staff, PRICES) else 403)
        password = browser.get(reverse("admin:auth_user_password_change", args=[buyer.id]))
        assert password.status_code == (200 if staff == "superuser" else 403)
        for name in FOR_ALL_STAFF:
            args = ["accounts"] if name == "app_list" else []
            assert browser.get(reverse(f"admin:{name}", args=args)).status_code in {200, 302, 404}
        assert browser.get(reverse("admin:password_change"))["Location"] == reverse("account_change_password")


def test_nobody_else_comes_in(everybody: World) -> None:
    before = (User.objects.count(), ApiKey.objects.count(), Group.objects.count())
    paths = [page(model, action) for model in SEE for action in ACTIONS]
    paths += [reverse("admin:index"), reverse("admin:accounts_client_standing", args=[Client.objects.first().pk])]  # type: ignore[union-attr]
    visitor, nobody, buyer = Browser(), Browser(), Browser()
    nobody.force_login(everybody.nobody)
    buyer.force_login(next(iter(everybody.users.values())))
    for path in paths:
        for answer in (visitor.get(path), nobody.post(path, {"post": "yes"}), buyer.post(path, {"post": "yes"})):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("admin:login"))
    assert (User.objects.count(), ApiKey.objects.count(), Group.objects.count()) == before
