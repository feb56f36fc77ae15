"""Every page, for everybody, with the own things and another company's. A page without a rule fails."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import ApiKey, Client, Invitation, User
from homeshield.accounts.permissions import Act
from homeshield.billing.documents.models import BillingDetails
from homeshield.billing.models import Budget, Payment, RefundRequest, TopUp
from inventory.models import SuppressionList, SuppressionUpload
from sales.models import Draft, DraftLine, Notice, Order, Return, SavedSearch, SavedTerritory
from tests.inventory.suppression.lists import number
from tests.matrix.addresses import names
from tests.matrix.documentation import may
from tests.matrix.people import Things, World, world

pytestmark = pytest.mark.django_db

LISTS: tuple[type[models.Model], ...] = (SuppressionList, SuppressionUpload)
MONEY: tuple[type[models.Model], ...] = (Payment, RefundRequest, TopUp)
KEPT: tuple[type[models.Model], ...] = (
    *(
        Client,
        User,
        ApiKey,
        Invitation,
        Order,
        Draft,
        DraftLine,
        Notice,
        Return,
        BillingDetails,
        Budget,
        SavedSearch,
        SavedTerritory,
    ),
    *LISTS,
    *MONEY,
)


@dataclass(frozen=True)
class Page:
    """A page for a client's users: what it is about, how it is asked for, and what its address names."""

    act: Act
    method: str = "GET"
    names: str | None = None
    data: dict[str, str] = field(default_factory=dict)


CLIENTS_PAGES = {
    "inventory:record-list": Page(Act.BROWSE),
    "sales:draft-show": Page(Act.DRAFT),
    "sales:draft-buy": Page(Act.BUY, "POST"),
    "sales:draft-change": Page(Act.DRAFT, "POST"),
    "sales:draft-code": Page(Act.DRAFT, "POST"),
    "sales:line-add": Page(Act.DRAFT, "POST"),
    "sales:line-quote": Page(Act.DRAFT),
    "sales:line-remove": Page(Act.DRAFT, "POST", "line_id"),
    "sales:line-replace": Page(
        Act.DRAFT, "POST", "line_id", {"take": "classification=Gold&age_bucket=MONTH_3_TO_5&quantity=1"}
    ),
    "sales:territory-show": Page(Act.DRAFT),
    "sales:territory-add": Page(
        Act.DRAFT,
        "POST",
        None,
        {"classification": "Gold", "age_bucket": "MONTH_3_TO_5", "quantity": "1", "share": "evenly", "places": "TX"},
    ),
    "sales:territory-save": Page(
        Act.DRAFT,
        "POST",
        None,
        {
            "classification": "Gold",
            "age_bucket": "MONTH_3_TO_5",
            "quantity": "1",
            "share": "evenly",
            "places": "TX",
            "name": "Texas",
        },
    ),
    "sales:territory-rename": Page(Act.DRAFT, "POST", "territory_id", {"name": "Other"}),
    "sales:territory-remove": Page(Act.DRAFT, "POST", "territory_id"),
    "sales:draft-prices": Page(Act.DRAFT, "POST"),
    "sales:draft-take": Page(Act.DRAFT, "POST"),
    "sales:order-list": Page(Act.ORDERS),
    "sales:order-show": Page(Act.ORDERS, "GET", "order_id"),
    "sales:order-year": Page(Act.ORDERS),
    "sales:search-open": Page(Act.BROWSE, "GET", "search_id"),
    "sales:search-mail": Page(Act.BROWSE, "POST", "search_id", {"mail_from": "5"}),
    "sales:search-remove": Page(Act.BROWSE, "POST", "search_id"),
    "sales:search-list": Page(Act.BROWSE, "POST", data={"name": "Another", "filter": "state=LA"}),
    "sales:lead-list": Page(Act.LEADS),
    "sales:lead-show": Page(Act.LEADS, "GET", "sale_id"),
    "sales:order-certificate": Page(Act.ORDERS, "GET", "order_id"),
    "billing:balance-show": Page(Act.BALANCE),
    "billing:ledger-download": Page(Act.BALANCE),
    "billing:user-budget": Page(Act.BUDGETS, "POST", "user_id", {"amount": "100"}),
    "billing:key-budget": Page(Act.BUDGETS, "POST", "key_id", {"amount": "100"}),
    "sales:return-new": Page(Act.RETURN, "POST", "order_id"),
    "sales:return-list": Page(Act.RETURN),
    "sales:return-read-all": Page(Act.RETURN, "POST", data={"until": "2100-01-01T00:00:00+00:00"}),
    "sales:return-upload": Page(Act.RETURN, "POST", data={"text": "sale_id,reason"}),
    "sales:notice-list": Page(Act.NOTICES),
    "sales:notice-confirm": Page(Act.NOTICES, "POST", "notice_id"),
    "sales:notice-confirm-all": Page(Act.NOTICES, "POST", data={"until": "2100-01-01T00:00:00+00:00"}),
    "exports:order-download": Page(Act.DOWNLOAD, "GET", "order_id"),
    "sales:order-invoice": Page(Act.DOCUMENTS, "GET", "order_id"),
    "billing:document-list": Page(Act.DOCUMENTS),
    "billing:document-show": Page(Act.DOCUMENTS, "GET", "document_id"),
    "billing:document-download": Page(Act.DOCUMENTS, "GET", "document_id"),
    "billing:details-edit": Page(Act.DOCUMENTS, "POST", data={"legal_name": "Other"}),
    "suppression:list-list": Page(Act.LISTS),
    "suppression:list-show": Page(Act.LISTS, "GET", "list_id"),
    "suppression:upload-send": Page(Act.LISTS, "POST", "list_id", {"text": number(2), "replaces": "no"}),
    "suppression:list-change": Page(Act.LISTS, "POST", "list_id", {"name": "Other"}),
    "suppression:list-remove": Page(Act.LISTS, "POST", "list_id"),
    "suppression:upload-show": Page(Act.LISTS, "GET", "upload_id"),
    "suppression:upload-confirm": Page(Act.LISTS, "POST", "upload_id"),
    "suppression:upload-discard": Page(Act.LISTS, "POST", "upload_id"),
    "billing:payment-new": Page(Act.PAY_IN, "POST", data={"amount": "280.00"}),
    "billing:payment-show": Page(Act.PAY_IN, "GET", "payment_id"),
    "billing:refund-new": Page(Act.PAY_IN, "POST", data={"amount": "1.00"}),
    "billing:top-up-show": Page(Act.PAY_IN, "POST", data={"threshold": "200", "amount": "500"}),
    "billing:top-up-card": Page(Act.PAY_IN, "POST"),
    "billing:top-up-off": Page(Act.PAY_IN, "POST"),
    "accounts:key-list": Page(Act.KEY_MAKE, "POST", data={"name": "another"}),
    "accounts:key-revoke": Page(Act.KEYS, "POST", "key_id"),
    "accounts:team-show": Page(Act.TEAM),
    "accounts:invitation-send": Page(Act.INVITE, "POST", data={"email": "joe@acme.example", "role": "buyer"}),
    "accounts:second-factor-require": Page(Act.TEAM, "POST", data={"required": "no"}),
    "accounts:member-role": Page(Act.TEAM, "POST", "user_id", {"role": "buyer"}),
    "accounts:member-remove": Page(Act.TEAM, "POST", "user_id"),
    "accounts:invitation-withdraw": Page(Act.TEAM, "POST", "invitation_id"),
}

# What these show and change is the visitor's or the user's own account alone (tests/homeshield/accounts).
FOR_EVERYBODY = {
    "home", "docs", "health", "security-txt", "robots-txt", "company", "terms", "privacy-policy",
    "sales:opt-out", "sales:opt-out-code", "sales:opt-out-done",
    "sales:search-stop",  # whoever has the link
    "accounts:invitation-show",  # whoever has the link
    "billing:stripe-webhook",  # whoever signs as Stripe
    "account_login", "account_logout", "account_inactive", "account_signup", "account_email_verification_sent",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_confirm_login_code", "mfa_authenticate",
    "mfa_login_webauthn",
}  # fmt: skip
FOR_USERS = {
    "account_email", "account_reauthenticate", "account_request_reauthentication_code",
    "account_confirm_reauthentication_code", "account_change_password", "account_set_password", "mfa_index",
    "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn", "usersessions_list",
}  # fmt: skip
NOT_PAGES = ("admin:", "api:")  # tests/matrix/test_administration.py, tests/matrix/test_operations.py
NAMELESS = {"^api(?:/|$)", "admin/password_change/"}
"""An address of the API that is none, and the way from the administration's password page to the site's own."""


@pytest.fixture
def everybody(now: datetime) -> World:
    return world(now)


def test_every_address_has_a_rule() -> None:
    pages = {name for name in names() if not name.startswith(NOT_PAGES)} - NAMELESS
    assert pages == CLIENTS_PAGES.keys() | FOR_EVERYBODY | FOR_USERS


def address(name: str, page: Page, things: Things, user: User) -> str:
    if page.names is None:
        return reverse(name)
    of_users = {"line_id": things.line_of, "search_id": things.search_of}.get(page.names)
    thing = getattr(things, page.names) if of_users is None else of_users.get(user.id, next(iter(of_users.values())))
    return reverse(name, args=[thing])


def ask(browser: Browser, page: Page, address: str) -> tuple[Any, bool]:
    """Asks, and undoes what came of it; also whether anything did."""
    before = rows_written()
    savepoint = transaction.savepoint_create()
    answer = browser.get(address) if page.method == "GET" else browser.post(address, page.data)
    if answer.streaming:
        b"".join(answer)
    changed = rows_written() != before
    transaction.savepoint_rollback(savepoint)
    return answer, changed


def rows_written() -> int:
    """Into what is kept, by this transaction so far, as PostgreSQL counts it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)",
            [[model._meta.db_table for model in KEPT]],
        )
        written: int = cursor.fetchone()[0]
        return written


def test_a_clients_page_opens_for_whom_the_documentation_says(everybody: World) -> None:
    wrong: list[tuple[object, ...]] = []
    for (role, status), user in everybody.users.items():
        browser = Browser()
        browser.force_login(user)
        for name, page in CLIENTS_PAGES.items():
            allowed = may(page.act.label, role=role, status=status)
            answer, changed = ask(browser, page, address(name, page, everybody.things[status], user))
            if answer.status_code not in ({200, 302, 409, 422} if allowed else {403}) or (changed and not allowed):
                wrong.append((name, role, status, answer.status_code))
            if page.names:
                answer, changed = ask(browser, page, address(name, page, everybody.rivals, user))
                if changed or answer.status_code != (404 if allowed else 403):
                    wrong.append((name, role, status, "another company's", answer.status_code))
    assert wrong == []


def test_a_clients_page_is_for_nobody_else(everybody: World) -> None:
    outside = {"visitor": None, "nobody": everybody.nobody} | dict(everybody.staff)
    wrong: list[tuple[object, ...]] = []
    for who, user in outside.items():
        browser = Browser()
        if user is not None:
            browser.force_login(user)
        for name, page in CLIENTS_PAGES.items():
            answer, changed = ask(browser, page, address(name, page, everybody.rivals, everybody.nobody))
            to = answer.headers.get("Location", "")
            refused = to.startswith(reverse("account_login")) if user is None else answer.status_code == 403
            if changed or not refused:
                wrong.append((name, who, answer.status_code))
    assert wrong == []


def test_a_viewer_sees_an_order_and_nothing_that_identifies_people(everybody: World) -> None:
    for role, shown in (("viewer", False), ("buyer", True)):
        browser = Browser()
        browser.force_login(everybody.users[role, "active"])
        content = browser.get(reverse("sales:order-show", args=[everybody.things["active"].order_id])).content.decode()
        assert ("Fontenot" in content) == shown
        assert ("Download CSV" in content) == shown
        assert "Gold" in content


def test_the_pages_of_ones_account_are_for_users(everybody: World) -> None:
    """Also for who may do nothing else."""
    wrong: list[tuple[object, ...]] = []
    browser = Browser()
    browser.force_login(everybody.users["viewer", "closed"])
    for name in FOR_USERS:
        path = reverse(name, args=[1] if name in {"mfa_remove_webauthn", "mfa_edit_webauthn"} else [])
        if not Browser().get(path).headers.get("Location", "").startswith(reverse("account_login")):
            wrong.append((name, "visitor"))
        if (status := browser.get(path).status_code) not in {200, 302, 404}:
            wrong.append((name, status))
    assert wrong == []


def test_other_pages_open_for_everybody_and_fail_for_nobody(everybody: World) -> None:
    named = {
        "account_reset_password_from_key": ["1", "nothing"],
        "accounts:invitation-show": ["nothing"],
        "sales:search-stop": ["nothing"],
    }
    wrong: list[tuple[object, ...]] = []
    for user in (None, everybody.nobody, everybody.users["owner", "closed"], everybody.staff["none"]):
        browser = Browser()
        if user is not None:
            browser.force_login(user)
        for name in FOR_EVERYBODY:
            status = browser.get(reverse(name, args=named.get(name, []))).status_code
            if status not in {200, 302, 404, 405}:
                wrong.append((name, user, status))
    assert wrong == []
