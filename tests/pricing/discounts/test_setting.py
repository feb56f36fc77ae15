"""Staff set, end and withdraw discounts and own prices: one screen before anything counts, and history stays."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client, User
from homeshield.audit.models import AuditEvent
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.discounts.services import dated_end, dated_withdraw, discount_set
from pricing.errors import ChangedMeanwhile, ChangeNotConfirmed, DiscountRefused, HasBegun
from pricing.models import ClientPrice, DiscountRule
from pricing.selectors import price_book
from pricing.starting_prices import starting_prices_load
from tests.concurrency.parallel import run_together
from tests.factories import ClientFactory, StaffFactory, UserFactory
from tests.pricing.changes import hidden
from tests.pricing.discounts.offers import (
    client_price_set_anyway,
    discount_make,
    discount_set_anyway,
    own_price_make,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
CELL = (Classification.GOLD, AgeBucket.MONTH_6_TO_8)
DISCOUNTS = reverse("admin:pricing_discountrule_changelist")
ADD = reverse("admin:pricing_discountrule_add")
ADD_PRICE = reverse("admin:pricing_clientprice_add")


@pytest.fixture
def staff(client: Browser, now: datetime) -> Browser:
    """In front of the starting prices: Gold of 6 to 8 months costs 8.00."""
    starting_prices_load(as_of=now)
    client.force_login(StaffFactory())
    return client


def typed(**changed: str) -> dict[str, str]:
    fields = {"name": "Spring sale", "percentage": "10", "least_leads": "1", "client": "", "code": "", "when": "now"}
    ends = {"effective_until_0": "2999-01-01", "effective_until_1": "00:00:00"}
    return fields | ends | changed


def send(browser: Browser, **changed: str) -> Any:
    return browser.post(ADD, hidden(browser.get(ADD)) | typed(**changed))


def words(response: Any) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


class TestOneScreenBeforeItCounts:
    def test_a_discount_is_shown_with_what_leads_will_cost_and_set_by_the_second_press(self, staff: Browser) -> None:
        question = send(staff, percentage="12.5%", code="spring", least_leads="50")
        assert question.status_code == 200
        for shown in ("12.5%", "all clients, with the code SPRING", "Of 50 leads or more", "$8.00", "$7.00"):
            assert shown in words(question)
        assert not DiscountRule.objects.exists()
        done = staff.post(ADD, hidden(question), follow=True)
        assert done.redirect_chain == [(DISCOUNTS, 302)]
        rule = DiscountRule.objects.get()
        assert (rule.percentage, rule.least_leads, rule.code) == (Decimal("12.5"), 50, "SPRING")
        event = AuditEvent.objects.get(action="discount.set")
        assert (event.object_id, event.details["percentage"]) == (str(rule.id), "12.5")

    def test_a_slip_is_asked_about(self, staff: Browser) -> None:
        question = send(staff, percentage="90", effective_until_0="", effective_until_1="")
        assert "It takes more than half off." in words(question)
        assert "It is for all clients, and has no end." in words(question)
        assert not DiscountRule.objects.exists()

    def test_what_was_not_shown_is_not_confirmed(self, staff: Browser) -> None:
        question = hidden(send(staff, percentage="9"))
        again = staff.post(ADD, question | {"percentage": "90"})
        assert "Nothing was changed yet" in words(again)
        assert not DiscountRule.objects.exists()

    def test_one_that_brings_nothing_names_the_better_one(self, staff: Browser, now: datetime) -> None:
        discount_make("20", since=now - HOUR, name="Summer")
        discount_make("50", since=now - HOUR, name="For one", client=ClientFactory())
        question = words(send(staff, percentage="10"))
        assert "another one: Summer: 20% off." in question
        assert "For one" not in question

    def test_a_price_of_a_client_is_shown_beside_the_general_one(self, staff: Browser) -> None:
        client = ClientFactory(name="Bayou Insurance")
        form = {"client": "bayou insurance", "classification": "Gold", "age_bucket": "MONTH_6_TO_8", "amount": "$3"}
        question = staff.post(ADD_PRICE, hidden(staff.get(ADD_PRICE)) | form | {"when": "now"})
        for shown in ("Bayou Insurance: Gold, 6 to 8 months", "$3.00", "$8.00", "less than half the general price"):
            assert shown in words(question)
        assert not ClientPrice.objects.exists()
        staff.post(ADD_PRICE, hidden(question))
        price = ClientPrice.objects.get()
        assert (price.client, price.amount, price.effective_until_utc) == (client, Decimal("3.00"), None)
        book = price_book(client_id=client.id, as_of=price.effective_from_utc)
        assert book.for_order(1)[CELL].unit_price == Decimal("3.00")


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"percentage": ""}, "percentage", "required"),
        ({"percentage": "0"}, "percentage", "A discount is 0.1 to 90 percent."),
        ({"percentage": "90.1"}, "percentage", "A discount is 0.1 to 90 percent."),
        ({"percentage": "-10"}, "percentage", "Leave out the sign."),
        ({"percentage": "10.25"}, "percentage", "at most one decimal"),
        ({"percentage": "ten"}, "percentage", "Write it in digits"),
        ({"percentage": "1e1"}, "percentage", "Write it in digits"),
        ({"least_leads": "0"}, "least_leads", "The least number of leads is 1 to 50,000."),
        ({"least_leads": "50,001"}, "least_leads", "The least number of leads is 1 to 50,000."),
        ({"name": " "}, "name", "required"),
        ({"client": "Nobody & Sons"}, "client", "There is no client of this id or name."),
        ({"client": "Twin"}, "client", "Several clients have this name."),
        ({"code": "AB"}, "code", "A code has 3 to 32 letters"),
        ({"code": "TEN PERCENT"}, "code", "A code has 3 to 32 letters"),
        ({"code": "taken"}, "code", "There is or was a discount with this code."),
        ({"effective_until_0": "2001-01-01"}, "effective_until", "It must end after it starts"),
        (
            {"when": "at", "effective_from_0": "2001-01-01"},
            "effective_from",
            "A discount cannot start in the past, and 2001-01-01 00:00:00 UTC has passed",
        ),
        ({"effective_until_0": "soon"}, "effective_until", "Write the date like 2026-12-01."),
        ({"percentage": "33"}, "percentage", "There is the same discount already: Same: 33% off."),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_changes_nothing(
    staff: Browser, now: datetime, data: dict[str, str], field: str, message: str
) -> None:
    discount_make("20", since=now - 2 * HOUR, code="TAKEN", effective_until_utc=now - HOUR)
    discount_make("33", since=now - HOUR, name="Same")
    ClientFactory(name="Twin")
    ClientFactory(name="Twin")
    before = list(DiscountRule.objects.values())
    response = send(staff, **data)
    form = response.context["form"]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert message in form.errors[field][0]
    for name, value in typed(**data).items():
        assert form.data[name] == value
    assert list(DiscountRule.objects.values()) == before


class TestClientsOwnPrices:
    def test_a_new_one_ends_the_one_before_at_the_same_instant(self, now: datetime) -> None:
        client = ClientFactory()
        old = own_price_make(client, "7.00", since=now - HOUR)
        new = self.set(client, "6.00", now)
        old.refresh_from_db()
        assert (old.effective_until_utc, new.effective_until_utc) == (now, None)

    def test_one_that_would_run_into_the_next_is_refused(self, now: datetime) -> None:
        client = ClientFactory()
        own_price_make(client, "7.00", since=now + HOUR)
        with pytest.raises(DiscountRefused, match="Another price of this client starts at") as refused:
            self.set(client, "6.00", now)
        assert refused.value.field == "effective_until"
        assert ClientPrice.objects.count() == 1
        self.set(client, "6.00", now, effective_until=now + HOUR)
        assert ClientPrice.objects.count() == 2

    def test_the_database_knows_one_at_any_instant(self, now: datetime) -> None:
        client, other = ClientFactory(), ClientFactory()
        own_price_make(client, "7.00", since=now, effective_until_utc=now + 2 * HOUR)
        own_price_make(other, "7.00", since=now)
        own_price_make(client, "7.00", since=now, classification=Classification.SILVER)
        own_price_make(client, "7.00", since=now + 2 * HOUR)
        with pytest.raises(IntegrityError, match="client_price_one_at_any_instant"), transaction.atomic():
            own_price_make(client, "6.00", since=now + HOUR, effective_until_utc=now + 2 * HOUR)
        assert ClientPrice.objects.count() == 4

    def set(self, client: Client, amount: str, as_of: datetime, **other: Any) -> ClientPrice:
        return client_price_set_anyway(
            client=client, classification=CELL[0], age_bucket=CELL[1], amount=Decimal(amount), as_of=as_of, by=None,
            **other,
        )  # fmt: skip


class TestHistory:
    def test_only_the_end_of_what_is_in_force_changes(self, now: datetime) -> None:
        discount_make("10", since=now - HOUR)
        own_price_make(ClientFactory(), "7.00", since=now - HOUR)
        tried: dict[type[DiscountRule | ClientPrice], list[dict[str, Any]]] = {
            DiscountRule: [{"percentage": 20}, {"least_leads": 2}, {"code": "NEW"}, {"name": "Other"}],
            ClientPrice: [{"amount": 1}, {"age_bucket": "MONTH_24_PLUS"}],
        }
        for model, changes in tried.items():
            for change in [*changes, {"effective_until_utc": now - HOUR / 2}]:
                with pytest.raises(IntegrityError, match="only its end may change"), transaction.atomic():
                    model._default_manager.update(**change)
            with pytest.raises(IntegrityError, match="only its end may change"), transaction.atomic():
                model._default_manager.all().delete()
            assert model._default_manager.update(effective_until_utc=now + HOUR) == 1

    def test_what_is_in_force_is_ended_on_a_page(self, staff: Browser, now: datetime) -> None:
        rule = discount_make("10", since=now - HOUR)
        page = reverse("admin:pricing_discountrule_end", args=[rule.id])
        opened = hidden(staff.get(page))
        done = staff.post(page, opened | {"when": "now"}, follow=True)
        assert done.redirect_chain == [(DISCOUNTS, 302)]
        rule.refresh_from_db()
        assert rule.effective_until_utc is not None
        assert AuditEvent.objects.get(action="discount.end").object_id == str(rule.id)
        late = staff.post(page, opened | {"when": "now"})
        assert (late.status_code, "Its end was changed meanwhile" in words(late)) == (409, True)

    def test_what_is_ahead_is_withdrawn_and_what_has_begun_is_not(self, staff: Browser, now: datetime) -> None:
        ahead, begun = discount_make("10", since=now + HOUR), discount_make("20", since=now - HOUR)
        for rule in (ahead, begun):
            staff.post(reverse("admin:pricing_discountrule_delete", args=[rule.id]))
        assert list(DiscountRule.objects.all()) == [begun]
        with pytest.raises(HasBegun):
            dated_withdraw(begun, as_of=now, by=None)
        with pytest.raises(ChangedMeanwhile):
            dated_withdraw(ahead, as_of=now, by=None)

    def test_an_end_lies_ahead_and_comes_no_later_than_before(self, now: datetime) -> None:
        rule = discount_make("10", since=now - HOUR, effective_until_utc=now + HOUR)
        seen = rule.effective_until_utc
        for ends in (now - HOUR / 2, now + 2 * HOUR):
            with pytest.raises(DiscountRefused):
                dated_end(rule, ends=ends, seen=seen, as_of=now, by=None)
        rule.refresh_from_db()
        assert rule.effective_until_utc == seen


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_the_same_discount_at_once_one_is_told(now: datetime) -> None:
    arguments: dict[str, Any] = {"name": "Spring", "percentage": Decimal(10), "as_of": now, "by": None}
    with pytest.raises(ChangeNotConfirmed) as question:
        discount_set(**arguments)
    confirmed = str(question.value.change)
    results = run_together([partial(discount_set, **arguments, confirmed=confirmed) for _ in range(3)])
    assert sorted(type(result).__name__ for result in results) == ["DiscountRefused", "DiscountRefused", "DiscountRule"]
    assert DiscountRule.objects.count() == 1


def test_buyers_and_other_staff_set_nothing(client: Browser, now: datetime) -> None:
    rule = discount_make("10", since=now - HOUR)
    users: list[User] = [UserFactory(), StaffFactory(is_superuser=False)]
    for user in users:
        client.force_login(user)
        for address in (ADD, reverse("admin:pricing_discountrule_end", args=[rule.id])):
            assert client.post(address, typed()).status_code in {302, 403}
    assert DiscountRule.objects.get() == rule
    assert discount_set_anyway(name="Later", percentage=Decimal(5), as_of=now, by=None).percentage == 5
