"""Staff change prices in the admin: now or ahead, with what is wrong said at the field, and never what has been."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from pricing.selectors import prices_in_force
from pricing.starting_prices import starting_prices_load
from tests.factories import StaffFactory
from tests.pricing.changes import ADD, LIST, change, hidden

pytestmark = pytest.mark.django_db

CELL = (Classification.GOLD, AgeBucket.MONTH_3_TO_5)
HOUR = timedelta(hours=1)


@pytest.fixture
def staff(client: Browser) -> Browser:
    client.force_login(StaffFactory(email="ada@homeshield.example"))
    return client


@pytest.fixture
def first(now: datetime) -> PriceRule:
    """The cell's price, in force since a moment ago, at 10.00; every other cell has its starting price as well."""
    starting_prices_load(as_of=now)
    return rules()[0]


def rules() -> list[PriceRule]:
    cell = PriceRule.objects.filter(classification=CELL[0], age_bucket=CELL[1])
    return list(cell.order_by("effective_from_utc"))


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def address(action: str, rule: PriceRule) -> str:
    return reverse(f"admin:pricing_pricerule_{action}", args=[rule.pk])


def test_a_price_changes_now(staff: Browser, first: PriceRule) -> None:
    response = change(staff, "9.5")
    old, new = rules()
    assert response.redirect_chain == [(LIST, 302)]
    assert said(response)[0].startswith("Gold, 3 to 5 months: $9.50 from 20")
    assert old.amount == Decimal("10.00")
    assert old.effective_until_utc == new.effective_from_utc
    assert (new.amount, new.effective_until_utc) == (Decimal("9.50"), None)
    assert new.created_by is not None
    assert new.created_by.email == "ada@homeshield.example"
    assert LogEntry.objects.get().object_id == str(new.pk)
    assert prices_in_force(new.effective_from_utc)[CELL] == Decimal("9.50")


def test_a_price_changes_from_a_future_instant_and_a_change_now_tells_where_it_ends(
    staff: Browser, first: PriceRule
) -> None:
    ahead = datetime.fromisoformat("2999-03-14T15:09:26Z")
    change(staff, "12", ahead)
    response = change(staff, "9")
    assert [rule.amount for rule in rules()] == [10, 9, 12]
    assert [rule.effective_until_utc for rule in rules()][1:] == [ahead, None]
    assert (
        response.content.decode().count("2999-03-14 15:09:26") == 4
    )  # message, table, end of one rule, begin of other
    assert said(response)[0].endswith(" until 2999-03-14 15:09:26 UTC, when the next planned price starts.")
    assert "12.00 from 2999-03-14 15:09:26 UTC" in response.content.decode()


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"amount": ""}, "amount", "This field is required."),
        ({"amount": "ten"}, "amount", "Write it in digits, such as 8.50."),
        ({"amount": "8_50"}, "amount", "Write it in digits, such as 8.50."),
        ({"amount": "1e1"}, "amount", "Write it in digits, such as 8.50."),
        ({"amount": "８.50"}, "amount", "Write it in digits, such as 8.50."),
        ({"amount": "NaN"}, "amount", "Write it in digits, such as 8.50."),
        ({"amount": "8,50"}, "amount", "Put commas between thousands only, and a point before decimals: 1,250.50."),
        ({"amount": "-1"}, "amount", "A price can't be negative."),
        ({"amount": "8.005"}, "amount", "A price has at most two decimals."),
        ({"amount": "10,000.01"}, "amount", "A price is $10,000.00 at most."),
        ({"amount": "10.00"}, "amount", "is already $10.00."),
        ({"classification": "Bronze"}, "classification", "Select a valid choice."),
        ({"classification": ""}, "classification", "This field is required."),
        ({"age_bucket": "MONTH_0_TO_2"}, "age_bucket", "Select a valid choice."),
        ({"when": ""}, "when", "This field is required."),
        ({"when": "soon"}, "when", "Select a valid choice."),
        ({"when": "at"}, "effective_from", "Enter a date, or choose Now."),
        ({"when": "at", "effective_from_1": "12:00"}, "effective_from", "Enter the date too."),
        ({"when": "at", "effective_from_0": "31/31/2999"}, "effective_from", "Write the date like 2026-12-01."),
        ({"when": "at", "effective_from_0": "２０２７-01-01"}, "effective_from", "Write the date like 2026-12-01."),
        (
            {"when": "at", "effective_from_0": "2999-03-14", "effective_from_1": "25:00"},
            "effective_from",
            "Write the time like 15:09:26.",
        ),
        ({"effective_from_0": "2999-03-14"}, "effective_from", "You chose Now and also gave a date or time."),
        (
            {"when": "at", "effective_from_0": "2026-01-01", "effective_from_1": "00:00:00"},
            "effective_from",
            "A price cannot be changed in the past",
        ),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_changes_nothing(
    staff: Browser, first: PriceRule, data: dict[str, str], field: str, message: str
) -> None:
    response = change(staff, "9.00", None, **data)
    form = response.context["adminform"].form
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert message in form.errors[field][0]
    assert form.errors[field][0] in response.content.decode().replace("&#x27;", "'")
    assert PriceRule.objects.count() == 10
    assert rules() == [first]
    assert rules()[0].effective_until_utc is None


def test_the_list_begins_with_the_prices_in_force_and_leads_to_the_change_of_each(
    staff: Browser, first: PriceRule
) -> None:
    page = staff.get(LIST).content.decode()
    assert "Prices in force now" in page
    assert "No price: not for sale" not in page
    link = f"{ADD}?classification=Silver&amp;age_bucket=MONTH_24_PLUS"
    assert link in page
    form = staff.get(link.replace("&amp;", "&")).context["adminform"].form
    assert (form["classification"].value(), form["age_bucket"].value()) == ("Silver", "MONTH_24_PLUS")


@pytest.mark.parametrize(
    "query",
    [
        {"effective_from": "2026-12-01"},
        {"when": "x", "amount": "1e999", "effective_from_0": "%00"},
        {"classification": "\x01", "age_bucket": "x" * 5000},
        {"classification": ["Bronze", "Tin"]},
    ],
)
def test_an_address_prefills_a_known_class_and_bucket_and_nothing_else(
    staff: Browser, first: PriceRule, query: dict[str, str | list[str]]
) -> None:
    response = staff.get(ADD, query)
    assert response.status_code == 200
    assert response.context["adminform"].form.initial == {}


def test_the_list_says_what_has_no_price(staff: Browser) -> None:
    assert staff.get(LIST).content.decode().count("No price: not for sale") == 10


@pytest.mark.parametrize(
    ("state", "amounts"), [("past", ["10.00"]), ("in-force", ["9.00"]), ("future", ["12.00"]), ("", None)]
)
def test_rules_are_filtered_by_their_state(
    staff: Browser, first: PriceRule, now: datetime, state: str, amounts: list[str] | None
) -> None:
    change(staff, "9.00")
    change(staff, "12.00", now + HOUR)
    response = staff.get(LIST, {"state": state, "classification__exact": "Gold", "age_bucket__exact": "MONTH_3_TO_5"})
    listed = [str(rule.amount) for rule in response.context["cl"].result_list]
    assert listed == (amounts or ["12.00", "9.00", "10.00"])


@pytest.mark.parametrize("term", ["Gold", "gold 12", "12.00", "ada@"])
def test_rules_are_searched(staff: Browser, first: PriceRule, now: datetime, term: str) -> None:
    change(staff, "12.00", now + HOUR)
    response = staff.get(LIST, {"q": term})
    assert Decimal("12.00") in [rule.amount for rule in response.context["cl"].result_list]
    assert "Silver" not in {rule.classification for rule in response.context["cl"].result_list}


def test_a_rule_is_never_edited(staff: Browser, first: PriceRule) -> None:
    before = list(PriceRule.objects.values())
    page = staff.get(address("change", first)).content.decode()
    assert 'name="_save"' not in page
    assert "Withdraw this price" not in page
    assert staff.post(address("change", first), {"amount": "1.00", "_save": "1"}).status_code == 403
    assert list(PriceRule.objects.values()) == before


def test_a_rule_that_has_been_in_force_is_not_withdrawn(staff: Browser, first: PriceRule) -> None:
    response = staff.post(address("delete", first), hidden(staff.get(ADD)), follow=True)
    assert said(response) == [
        "This price is or was in force, so it is kept as history. To change what leads cost from now on, set "
        "another price for the same class and bucket."
    ]
    assert rules() == [first]
    assert not LogEntry.objects.exists()
    staff.post(LIST, {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"})
    assert rules() == [first]


def test_a_future_rule_is_withdrawn_after_a_question(staff: Browser, first: PriceRule, now: datetime) -> None:
    change(staff, "12.00", now + HOUR)
    future = rules()[1]
    assert address("delete", future) in staff.get(address("change", future)).content.decode()
    question = staff.get(address("delete", future))
    for text in ("Gold, 3 to 5 months", "$12.00", "$10.00, as before", "0 for sale now"):
        assert text in question.content.decode()
    assert len(rules()) == 2
    response = staff.post(address("delete", future), hidden(question), follow=True)
    assert said(response) == ["Withdrawn: Gold, 3 to 5 months: $12.00."]
    assert [(rule.amount, rule.effective_until_utc) for rule in rules()] == [(10, None)]
    assert LogEntry.objects.filter(object_id=str(future.pk), action_flag=3).count() == 1
    assert said(staff.post(address("delete", future), follow=True)) == ["This price has been withdrawn already."]


def test_staff_without_the_permission_only_look(client: Browser, first: PriceRule, now: datetime) -> None:
    clerk = StaffFactory(is_superuser=False)
    client.force_login(clerk)
    assert client.get(LIST).status_code == 403
    give(clerk, "view_pricerule")
    assert client.get(LIST).status_code == 200
    assert f'href="{ADD}' not in client.get(LIST).content.decode()
    assert change(client, "9.00").status_code == 403
    PriceRule.objects.filter(pk=first.pk).update(effective_until_utc=now + HOUR)
    future = PriceRule.objects.create(
        classification=CELL[0], age_bucket=CELL[1], amount=1, effective_from_utc=now + HOUR
    )
    assert client.post(address("delete", future)).status_code == 403
    assert len(rules()) == 2


def give(user: Any, codename: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=codename))
