"""A change beyond 50%, to 0.00, or more than a year ahead is shown with what it does, and asked once more."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as Browser
from django.utils import timezone

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import PriceChange
from pricing.changing.services import price_set
from pricing.errors import PriceNotConfirmed
from pricing.models import PriceRule
from pricing.selectors import prices_in_force
from tests.factories import stock
from tests.pricing.changes import ADD, LIST, hidden, open_form, price_set_anyway, send

CELL = (Classification.GOLD, AgeBucket.MONTH_3_TO_5)
YEAR, SECOND = timedelta(days=365), timedelta(seconds=1)


def history() -> list[tuple[Decimal, datetime, datetime | None]]:
    return list(
        PriceRule.objects.filter(classification=CELL[0], age_bucket=CELL[1])
        .order_by("effective_from_utc")
        .values_list("amount", "effective_from_utc", "effective_until_utc")
    )


def set_price(amount: str, at: datetime | None, as_of: datetime, confirmed: PriceChange | str = "") -> PriceRule:
    return price_set(
        classification=CELL[0],
        age_bucket=CELL[1],
        amount=Decimal(amount),
        effective_from=at,
        as_of=as_of,
        by=None,
        confirmed=str(confirmed),
    )


def facts(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.django_db
class TestTheService:
    @pytest.mark.parametrize("amount", ["5.00", "15.00", "9.99"])
    def test_up_to_half_either_way_nothing_is_asked(self, prices: PriceRule, now: datetime, amount: str) -> None:
        set_price(amount, now + SECOND, now)
        assert [one[0] for one in history()] == [Decimal("10.00"), Decimal(amount)]

    @pytest.mark.parametrize(
        ("amount", "question", "percent"),
        [
            ("4.99", "The price falls by more than 50%.", "-50.1%"),
            ("15.01", "The price rises by more than 50%.", "+50.1%"),
            ("850", "The price rises by more than 50%.", "+8,400%"),
            ("0", "The price falls by more than 50%. At $0.00 you give leads away.", "-100%"),
        ],
    )
    def test_what_lies_beyond_changes_nothing_until_it_is_confirmed(
        self, prices: PriceRule, now: datetime, amount: str, question: str, percent: str
    ) -> None:
        before, later = history(), now + SECOND
        with pytest.raises(PriceNotConfirmed) as asked:
            set_price(amount, later, now)
        assert " ".join(asked.value.questions) == question
        assert (asked.value.change.was, asked.value.change.percent_label) == (Decimal("10.00"), percent)
        assert history() == before
        set_price(amount, later, now, confirmed=asked.value.change)
        assert [one[0] for one in history()] == [Decimal("10.00"), Decimal(amount)]

    @pytest.mark.parametrize(("ahead", "asks"), [(YEAR, False), (YEAR + SECOND, True)])
    def test_more_than_a_year_ahead_is_asked_about(
        self, prices: PriceRule, now: datetime, ahead: timedelta, asks: bool
    ) -> None:
        if asks:
            with pytest.raises(PriceNotConfirmed) as asked:
                set_price("11", now + ahead, now)
            assert asked.value.questions == ["The change starts more than a year from now, in 365 days."]
            assert len(history()) == 1
        else:
            set_price("11", now + ahead, now)
            assert len(history()) == 2

    def test_the_old_price_is_the_one_in_force_right_before_that_instant(
        self, prices: PriceRule, now: datetime
    ) -> None:
        later = now + timedelta(days=10)
        set_price("15", later, now)
        set_price("22", later + SECOND, now)  # 120% above what is in force now, 47% above what is by then
        before = history()
        with pytest.raises(PriceNotConfirmed) as asked:
            set_price("7", later + 2 * SECOND, now)  # 30% below what is in force now
        assert asked.value.change.was == Decimal("22.00")
        assert history() == before

    def test_a_first_price_has_nothing_to_be_compared_with(self, db: None, now: datetime) -> None:
        set_price("8000", now, now)
        assert prices_in_force(now)[CELL] == Decimal("8000.00")

    def test_from_nothing_to_something_is_asked_about_and_has_no_percentage(self, db: None, now: datetime) -> None:
        price_set_anyway(
            classification=CELL[0], age_bucket=CELL[1], amount=Decimal(0), effective_from=now, as_of=now
        )  # fmt: skip
        with pytest.raises(PriceNotConfirmed) as asked:
            set_price("0.01", now + SECOND, now)
        assert asked.value.change.percent_label == ""
        assert len(history()) == 1

    def test_one_change_is_no_confirmation_of_another(self, prices: PriceRule, now: datetime) -> None:
        with pytest.raises(PriceNotConfirmed) as asked:
            set_price("850", None, now + SECOND)
        for amount, at in [("8500", None), ("850", now + YEAR)]:
            with pytest.raises(PriceNotConfirmed):
                set_price(amount, at, now + SECOND, confirmed=asked.value.change)
        assert len(history()) == 1

    def test_a_confirmation_is_void_once_the_old_price_is_another(self, prices: PriceRule, now: datetime) -> None:
        with pytest.raises(PriceNotConfirmed) as asked:
            set_price("850", now + 2 * SECOND, now)
        set_price("12", now + SECOND, now)
        with pytest.raises(PriceNotConfirmed) as again:
            set_price("850", now + 2 * SECOND, now, confirmed=asked.value.change)
        assert again.value.change.was == Decimal("12.00")
        assert len(history()) == 2


class TestThePage:
    def test_it_shows_old_and_new_price_percentage_and_the_records_and_changes_nothing(
        self, ada: Browser, prices: PriceRule, now: datetime
    ) -> None:
        stock(3, as_of=now, age_days=100)
        stock(2, as_of=now, age_days=100, state="TX", county="Harris")
        stock(4, as_of=now, age_days=100, classification="Silver")
        stock(5, as_of=now, age_days=200)
        before = list(PriceRule.objects.order_by("id").values())
        response = send(ada, open_form(ada), "850")
        page = facts(response)
        assert response.status_code == 200
        for text in ("Nothing was changed yet.", "The price rises by more than 50%.", "Gold, 3 to 5 months"):
            assert text in page
        for row in (
            ">Old price</th> <td> $10.00",
            ">New price</th><td><strong>$850.00</strong>",
            ">Difference</th><td>+8,400%</td>",
            ">Takes effect</th> <td>Now</td>",
            "<td>5 for sale at ",
        ):
            assert row in page
        assert list(PriceRule.objects.order_by("id").values()) == before
        assert not LogEntry.objects.exists()

    def test_who_means_it_sends_it_once_more(self, ada: Browser, prices: PriceRule) -> None:
        question = send(ada, open_form(ada), "850")
        response = ada.post(ADD, hidden(question), follow=True)
        assert response.redirect_chain == [(LIST, 302)]
        assert [one[0] for one in history()] == [Decimal("10.00"), Decimal("850.00")]
        assert LogEntry.objects.count() == 1

    def test_who_does_not_goes_back_to_what_was_typed(self, ada: Browser, prices: PriceRule) -> None:
        question = send(ada, open_form(ada), "$1,850.00")
        response = ada.post(ADD, hidden(question) | {"_edit": "Edit"})
        form = response.context["adminform"].form
        assert (response.status_code, form["amount"].value(), form["age_bucket"].value()) == (
            200,
            "$1,850.00",
            "MONTH_3_TO_5",
        )
        assert form.errors == {}
        assert len(history()) == 1
        assert "questions" in ada.post(ADD, hidden(response) | hidden(question) | {"confirmed": ""}).context

    @pytest.mark.parametrize(
        "altered", [{"amount": "8500"}, {"confirmed": "tampered"}, {"confirmed": ""}, {"age_bucket": "MONTH_6_TO_8"}]
    )
    def test_a_confirmation_that_was_altered_is_asked_again_and_changes_nothing(
        self, ada: Browser, prices: PriceRule, altered: dict[str, str]
    ) -> None:
        before = list(PriceRule.objects.order_by("id").values())
        question = send(ada, open_form(ada), "850")
        response = ada.post(ADD, hidden(question) | altered)
        assert response.context["questions"] == ["The price rises by more than 50%."]
        assert list(PriceRule.objects.order_by("id").values()) == before

    def test_a_confirmation_sent_twice_changes_the_price_once(self, ada: Browser, prices: PriceRule) -> None:
        question = hidden(send(ada, open_form(ada), "850"))
        ada.post(ADD, question)
        before = history()
        response = ada.post(ADD, question)
        assert response.status_code == 409
        assert "You set $850.00 from " in facts(response)
        assert history() == before

    def test_a_year_that_was_mistyped_is_asked_about(self, ada: Browser, prices: PriceRule) -> None:
        response = send(ada, open_form(ada), "11", timezone.now() + timedelta(days=800))
        assert "The change starts more than a year from now, in 799 days." in facts(response)
        assert "in force right before the change" in facts(response)
        assert len(history()) == 1

    def test_a_usual_change_is_made_at_once(self, ada: Browser, prices: PriceRule) -> None:
        assert send(ada, open_form(ada), "$11.50").redirect_chain == [(LIST, 302)]
        assert history()[1][0] == Decimal("11.50")
