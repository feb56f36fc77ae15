"""Every sensitive act is on record, done, refused or failed, with the request that it came by."""

import hashlib
import json
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.core import context as allauth_context
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from exports.models import Export
from exports.services import export_start_order, export_stream
from homeshield.accounts.keys import key_create
from homeshield.accounts.models import ApiKey, User
from homeshield.audit.models import AuditEvent
from homeshield.audit.recorded_edits import RecordedEdits
from homeshield.lib.origin import Origin, within
from homeshield.lib.view_only_admin import ViewOnly
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Load
from pricing.changing.services import price_set, price_withdraw
from pricing.models import ClientPrice, DiscountRule, PriceRule
from sales.models import Order
from tests.factories import PASSWORD, ClientFactory, StaffFactory, UserFactory, stock
from tests.homeshield.accounts.test_second_factor import codes, confirm, set_up_an_app
from tests.homeshield.audit.recorded import only, told
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.sales.purchases import buy, set_prices
from tests.sign_in import sign_in

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": "2"}


@pytest.fixture
def buyer() -> User:
    return UserFactory()


@pytest.fixture
def shop(client: Browser, buyer: User, now: datetime) -> Browser:
    set_prices(since=now - timedelta(days=1))
    stock(3, as_of=now)
    client.force_login(buyer)
    return client


@pytest.fixture
def staff(client: Browser) -> Browser:
    client.force_login(StaffFactory(email="boss@homeshield.example"))
    return client


def came_by(response: Any, event: AuditEvent) -> bool:
    """Whether the event names the request that the answer names, and where it came from."""
    return (response["X-Request-ID"], "127.0.0.1") == (event.request_id, event.address)


class TestSignIn:
    def test_a_sign_in_and_a_sign_out(self, client: Browser, buyer: User) -> None:
        response = client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
        event = only("sign_in")
        assert came_by(response, event)
        assert (event.outcome, event.actor, event.actor_id) == ("done", buyer.email, buyer.id)
        assert (event.source, event.channel, event.client_id) == ("account_login", "page", buyer.client_id)
        client.post("/accounts/logout/")
        assert told()[1:] == [("sign_out", "done", buyer.email, {})]

    def test_a_wrong_password_is_nobodys_act_upon_the_account(self, client: Browser, buyer: User) -> None:
        response = client.post("/accounts/login/", {"login": buyer.email.upper(), "password": "not-mine-2026"})
        event = only("sign_in")
        assert came_by(response, event)
        assert (event.outcome, event.actor, event.object_id) == ("failed", "", str(buyer.id))
        assert event.details == {"reason": "wrong_password"}

    def test_what_somebody_unknown_typed_is_kept_as_a_digest_alone(self, client: Browser) -> None:
        typed = "my-secret-password@not.an.address"
        for text in (typed, typed.upper(), "other@not.an.address"):
            client.post("/accounts/login/", {"login": text, "password": "correct-horse"})
        first, again, other = AuditEvent.objects.order_by("id")
        assert (first.outcome, first.details) == ("failed", {"reason": "unknown_address"})
        assert first.object_id == again.object_id != other.object_id
        kept = json.dumps(list(AuditEvent.objects.values()), default=str)
        assert [secret for secret in ("secret", "not.an.address", "correct-horse") if secret in kept] == []

    def test_a_user_who_was_switched_off(self, client: Browser) -> None:
        user = UserFactory(is_active=False)
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        assert told() == [("sign_in", "failed", "", {"reason": "inactive"})]

    def test_a_changed_password(self, client: Browser, buyer: User) -> None:
        client.force_login(buyer)
        new = "a new horse, a new battery"
        client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
        assert ("password.change", "done", buyer.email, {}) in told()


class TestAccount:
    """What users change of how they sign in."""

    @pytest.fixture
    def browser(self, client: Browser, buyer: User) -> Browser:
        sign_in(client, buyer)
        confirm(client)
        return client

    def test_a_second_factor_from_its_beginning(
        self,
        browser: Browser,
        buyer: User,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        after_the_commit = allauth_context.request_context(RequestFactory().get("/"))
        with after_the_commit, django_capture_on_commit_callbacks(execute=True):
            secret = set_up_an_app(browser)
        other = Browser()
        sign_in(other, buyer)
        other.post(reverse("mfa_authenticate"), {"code": "000000"})
        other.post(reverse("mfa_authenticate"), {"code": codes(secret)[-1]})
        told_of = [(action, outcome, facts.get("kind")) for action, outcome, _, facts in told()]
        assert told_of == [
            ("sign_in", "done", None),
            ("mfa.add", "done", "totp"),
            ("mfa.add", "done", "recovery_codes"),
            ("mfa.check", "failed", "totp"),
            ("mfa.check", "done", "totp"),
            ("sign_in", "done", None),
        ]
        assert set(AuditEvent.objects.filter(action="mfa.check").values_list("object_id", flat=True)) == {str(buyer.id)}

    def test_a_sign_out_elsewhere(self, browser: Browser, buyer: User) -> None:
        sign_in(Browser(), buyer)
        browser.post(reverse("usersessions_list"))
        event = only("session.end")
        assert (event.outcome, event.actor, event.client_id) == ("done", buyer.email, buyer.client_id)


class TestBuying:
    def buy(self, shop: Browser, **other: str) -> Any:
        page = shop.post("/order/lines/", LINE, follow=True)
        page = shop.get("/order/")
        draft = page.context["draft"]
        form = {"draft_id": str(draft.draft_id), "version": str(draft.version), "expected_total": str(draft.total)}
        return shop.post("/order/buy/", form | other)

    def test_a_purchase(self, shop: Browser, buyer: User) -> None:
        response = self.buy(shop)
        order, event = Order.objects.get(), only("purchase")
        assert came_by(response, event)
        assert (event.outcome, event.actor, event.client_id) == ("done", buyer.email, buyer.client_id)
        assert (event.object_type, event.object_id) == ("sales.order", str(order.id))
        assert event.details == {"leads": 2, "lines": 1, "total": "16.00", "currency": "USD"}
        assert event.occurred_at_utc == order.placed_at_utc

    def test_a_refused_purchase_stays_on_record_although_it_is_rolled_back(self, shop: Browser, buyer: User) -> None:
        response = self.buy(shop, expected_total="1.00")
        assert not Order.objects.exists()
        event = only("purchase")
        assert came_by(response, event)
        assert (event.outcome, event.actor, event.details) == ("refused", buyer.email, {"reason": "prices_changed"})

    def test_a_repeat_is_no_second_purchase(self, now: datetime) -> None:
        set_prices(since=now - timedelta(days=1))
        stock(3, as_of=now)
        company = ClientFactory()
        for _ in range(2):
            buy(company, 2, GOLD, as_of=now, key="the same")
        assert [action for action, *_ in told()] == ["purchase"]

    def test_a_program_acts_by_its_key(self, client: Browser, buyer: User, now: datetime) -> None:
        assert buyer.client_id
        made = key_create(client_id=buyer.client_id, name="import", created_by=buyer, as_of=now)
        line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 2}
        response = client.post(
            "/api/v1/purchases/by-criteria",
            {"client_id": str(buyer.client_id), "criteria": [line]},
            content_type="application/json",
            headers={"Authorization": f"Bearer {made.token}"},
        )
        assert response.status_code >= 400  # there is no price
        event = only("purchase")
        assert came_by(response, event)
        assert (event.channel, event.actor, event.actor_id) == ("api", made.key.prefix, buyer.id)


class TestExport:
    def download(self, shop: Browser, buyer: User, now: datetime) -> Any:
        assert buyer.client
        order = buy(buyer.client, 2, GOLD, as_of=now)
        return shop.get(f"/orders/{order.id}/leads.csv")

    def test_an_export_ends_with_the_digest_of_the_file(self, shop: Browser, buyer: User, now: datetime) -> None:
        response = self.download(shop, buyer, now)
        file = b"".join(response)
        begun, ended = only("export.start"), only("export.end")
        assert came_by(response, begun)
        assert came_by(response, ended)
        assert begun.object_id == ended.object_id == str(Export.objects.get().id)
        assert (begun.details, ended.outcome) == ({"rows": 2}, "done")
        assert ended.details == {
            "rows": 2,
            "sha256": hashlib.sha256(file).hexdigest(),
            "size_bytes": len(file),
            "sanitised_cells": 0,
        }

    def test_a_download_that_is_left_has_failed(self, shop: Browser, buyer: User, now: datetime) -> None:
        assert buyer.client_id
        assert buyer.client
        order = buy(buyer.client, 2, GOLD, as_of=now)
        export = export_start_order(client_id=buyer.client_id, user=buyer, order_id=order.id, as_of=now)
        with within(Origin(request_id="the-one-that-began")):
            stream = export_stream(export)
        sent = next(stream)
        assert not AuditEvent.objects.filter(action="export.end").exists()
        stream.close()  # type: ignore[attr-defined]  # as the server does when the reader is gone
        ended = only("export.end")
        assert (ended.outcome, ended.request_id) == ("failed", "the-one-that-began")
        assert ended.details == {"rows": 2, "reason": "left", "size_bytes": len(sent)}


class TestIngest:
    def test_a_load_is_told_by_its_numbers(self, tmp_path: Path) -> None:
        (file := tmp_path / "june.csv").write_bytes(csv_bytes(row(), row(state="XX"), row()))
        call_command("ingest_csv", str(file), verbosity=0)
        event = only("ingest")
        assert (event.outcome, event.object_id, event.channel) == ("done", "june.csv", "command")
        assert event.source == "manage.py ingest_csv"
        assert event.details == {
            "load": Load.objects.get().id, "supplier": "",
            "rows": 3, "loaded": 1, "duplicates": 1, "rejected": 1, "opted_out": 0, "inventory_created": 1,
            "missing_columns": [], "unknown_columns": 0,
        }  # fmt: skip

    def test_a_file_of_which_too_many_rows_are_rejected(self, tmp_path: Path) -> None:
        (file := tmp_path / "june.csv").write_bytes(csv_bytes(row(), row(state="XX"), row(state="")))
        with pytest.raises(CommandError):
            call_command("ingest_csv", str(file), verbosity=0)
        details = {"reason": "too_many_rejected", "rows": 3, "rejected": 2}
        assert [told()[0][:2], told()[0][3]] == [("ingest", "refused"), details]

    @pytest.mark.parametrize("content", [b"", b"First Name,Last Name\nAda,Secretname\n"])
    def test_a_file_that_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (file := tmp_path / "june.csv").write_bytes(content)
        with pytest.raises(CommandError):
            call_command("ingest_csv", str(file))
        assert [told()[0][:2], told()[0][3]] == [("ingest", "refused"), {"reason": "ingest_refused"}]

    def test_a_load_that_the_database_ends(self, tmp_path: Path) -> None:
        (file := tmp_path / "june.csv").write_bytes(csv_bytes(row()))
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE leads ADD CONSTRAINT nobody CHECK (first_name <> 'Ada')")
        with pytest.raises(CommandError):
            call_command("ingest_csv", str(file))
        assert [told()[0][:2], told()[0][3]] == [("ingest", "failed"), {"reason": "IntegrityError"}]

    def test_a_rehearsal_leaves_no_record(self, tmp_path: Path) -> None:
        (file := tmp_path / "june.csv").write_bytes(csv_bytes(row()))
        call_command("ingest_csv", str(file), "--dry-run", verbosity=0)
        assert told() == []


def test_prices_that_are_set_and_withdrawn(now: datetime) -> None:
    boss = StaffFactory()
    cell: dict[str, Any] = {"classification": Classification.GOLD, "age_bucket": AgeBucket.MONTH_3_TO_5}
    price_set(**cell, amount=Decimal("10.00"), effective_from=now, as_of=now, by=boss)
    later = now + timedelta(days=2)
    rule = price_set(**cell, amount=Decimal("11.00"), effective_from=later, as_of=now, by=boss)
    rule_id = rule.id
    price_withdraw(rule=rule, as_of=now, by=boss)
    facts = {"classification": "Gold", "age_bucket": "MONTH_3_TO_5"}
    assert told() == [
        (
            "price.set",
            "done",
            boss.email,
            facts | {"amount": "10.00", "was": None, "effective_from": now.isoformat()},
        ),
        (
            "price.set",
            "done",
            boss.email,
            facts | {"amount": "11.00", "was": "10.00", "effective_from": later.isoformat()},
        ),
        (
            "price.withdraw",
            "done",
            boss.email,
            facts | {"amount": "11.00", "was": "11.00", "effective_from": later.isoformat()},
        ),
    ]
    assert only("price.withdraw").object_id == str(rule_id)
    assert not PriceRule.objects.filter(id=rule_id).exists()


class TestKeys:
    def test_the_life_of_a_key(self, client: Browser, buyer: User) -> None:
        client.force_login(buyer)
        client.post("/accounts/api-keys/", {"name": "nightly import"})
        key = ApiKey.objects.get()
        client.post(f"/accounts/api-keys/{key.id}/revoke/")
        assert told() == [
            ("api_key.create", "done", buyer.email, {"prefix": key.prefix}),
            ("api_key.revoke", "done", buyer.email, {"prefix": key.prefix}),
        ]


def test_a_client_that_an_operator_makes() -> None:
    call_command("create_client", "--company", "Bayou", "--email", "ada@bayou.example", "--api-key", verbosity=0)
    assert [(action, outcome) for action, outcome, *_ in told()] == [
        ("client.create", "done"), ("user.create", "done"), ("credit_limit.set", "done"), ("api_key.create", "done")
    ]  # fmt: skip
    assert {event.source for event in AuditEvent.objects.all()} == {"manage.py create_client"}
    assert len({event.request_id for event in AuditEvent.objects.all()}) == 1


def test_a_superuser_that_an_operator_makes() -> None:
    call_command("createsuperuser", "--email", "boss@homeshield.example", "--no-input", verbosity=0)
    assert told()[0][3] == {"is_staff": True, "is_superuser": True}


def test_powers_that_an_operator_gives() -> None:
    clerk = UserFactory(client=None)
    call_command("staff", clerk.email, group=["pricing", "auditor"])
    event = only("user.permissions")
    assert (event.source, event.object_id) == ("manage.py staff", str(clerk.id))
    assert event.details == {"superuser": False, "groups": ["auditor", "pricing"]}


def test_a_password_that_an_operator_sets(buyer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a-lantern-on-the-porch")  # the terminal
    call_command("changepassword", buyer.email, verbosity=0, stdout=StringIO())
    event = only("password.change")
    assert (event.object_id, event.client_id, event.details) == (str(buyer.id), buyer.client_id, {"by_operator": True})


class TestStaff:
    def form(self, user: User, **changes: Any) -> dict[str, Any]:
        fields = {"email": user.email, "client": str(user.client_id or ""), "role": user.role or ""}
        return fields | ({"is_active": "on"} if user.is_active else {}) | changes

    def test_a_user_who_is_switched_off_and_given_another_role(self, staff: Browser, buyer: User) -> None:
        form = self.form(buyer, role="viewer")
        del form["is_active"]
        response = staff.post(reverse("admin:accounts_user_change", args=[buyer.id]), form)
        assert response.status_code == 302, response.context["adminform"].form.errors
        event = only("admin.change")
        assert came_by(response, event)
        assert (event.actor, event.object_id, event.client_id) == (
            "boss@homeshield.example",
            str(buyer.id),
            buyer.client_id,
        )
        assert event.details["changes"] == {
            "is_active": {"was": True, "is": False},
            "role": {"was": buyer.role, "is": "viewer"},
        }

    def test_what_is_typed_is_told_by_the_fields_name_alone(self, staff: Browser, buyer: User) -> None:
        staff.post(reverse("admin:accounts_user_change", args=[buyer.id]), self.form(buyer, email="new@x.example"))
        details = only("admin.change").details
        assert "new@x.example" not in json.dumps(details)
        assert len(details["fields"]) == 1

    def test_every_page_on_which_staff_write_leaves_a_record(self) -> None:
        by_services = {PriceRule, DiscountRule, ClientPrice, ApiKey}  # whose services record for themselves
        silent = {
            model
            for model, page in admin.site._registry.items()
            if not isinstance(page, (RecordedEdits, ViewOnly)) and model not in by_services
        }
        assert silent == set()
