"""Two members of staff with the same page open: the second is told what the first has done, and confirms it or not."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as Browser
from django.urls import reverse

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.seen import SeenPrices
from pricing.changing.services import price_set, price_withdraw
from pricing.errors import PriceChangedMeanwhile, PriceRuleIsGone
from pricing.models import PriceRule
from pricing.selectors import rules_not_over
from pricing.starting_prices import starting_prices_load
from tests.concurrency.parallel import run_together
from tests.pricing.changes import ADD, hidden, open_form, send, typed

DAY = timedelta(days=1)


def rules() -> list[PriceRule]:
    return list(
        PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_3_TO_5").order_by("effective_from_utc")
    )


def amounts() -> list[Decimal]:
    return [rule.amount for rule in rules()]


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def withdrawal(rule: PriceRule) -> str:
    return reverse("admin:pricing_pricerule_delete", args=[rule.pk])


class TestSettingAPrice:
    def test_the_second_is_told_what_the_first_has_set_and_nothing_changes(
        self, ada: Browser, ben: Browser, prices: PriceRule
    ) -> None:
        opened = open_form(ben)
        send(ada, open_form(ada), "12")
        before = list(PriceRule.objects.order_by("id").values())
        response = send(ben, opened, "11")
        assert response.status_code == 409
        assert "Since you opened this page: ada@homeshield.example set $12.00 from " in text(response)
        assert "Nothing of yours was changed." in text(response)
        assert response.context["adminform"].form["amount"].value() == "11"
        assert list(PriceRule.objects.order_by("id").values()) == before
        assert LogEntry.objects.count() == 1

    def test_who_still_means_it_sends_it_again(self, ada: Browser, ben: Browser, prices: PriceRule) -> None:
        opened = open_form(ben)
        send(ada, open_form(ada), "12")
        told = send(ben, opened, "11")
        assert send(ben, hidden(told), "11").status_code == 200
        assert amounts() == [10, 12, 11]

    def test_a_change_of_another_price_is_none_of_their_business(
        self, ada: Browser, ben: Browser, prices: PriceRule
    ) -> None:
        opened = open_form(ben)
        send(ada, open_form(ada), "8", age_bucket="MONTH_6_TO_8")
        send(ada, open_form(ada), "8", classification="Silver")
        send(ben, opened, "11")
        assert amounts() == [10, 11]

    def test_prices_set_ahead_and_withdrawn_are_told_as_well(
        self, ada: Browser, ben: Browser, prices: PriceRule, now: datetime
    ) -> None:
        send(ada, open_form(ada), "12", now + 2 * DAY)
        opened = open_form(ben)
        ada.post(withdrawal(rules()[1]), hidden(ada.get(withdrawal(rules()[1]))))
        send(ada, open_form(ada), "13", now + 3 * DAY)
        response = send(ben, opened, "11")
        assert response.status_code == 409
        assert f"ada@homeshield.example set $13.00 from {now + 3 * DAY:%Y-%m-%d %H:%M:%S} UTC." in text(response)
        assert f"The price of $12.00 from {now + 2 * DAY:%Y-%m-%d %H:%M:%S} UTC was withdrawn." in text(response)
        assert amounts() == [10, 13]

    def test_a_form_sent_twice_changes_the_price_once(self, ada: Browser, prices: PriceRule) -> None:
        opened = open_form(ada)
        send(ada, opened, "12")
        response = send(ada, opened, "12")
        assert (response.status_code, "You set $12.00 from " in text(response)) == (409, True)
        assert amounts() == [10, 12]

    def test_a_change_while_the_question_is_open_is_told_before_it_is_answered(
        self, ada: Browser, ben: Browser, prices: PriceRule
    ) -> None:
        question = send(ben, open_form(ben), "850")
        send(ada, open_form(ada), "12")
        response = ben.post(ADD, hidden(question))
        assert (response.status_code, "ada@homeshield.example set $12.00" in text(response)) == (409, True)
        assert amounts() == [10, 12]

    @pytest.mark.parametrize("token", ["", "tampered", "e30:1w:x", "\0", "a" * 5000])
    def test_a_page_that_is_none_of_ours_changes_nothing(self, ada: Browser, prices: PriceRule, token: str) -> None:
        before = list(PriceRule.objects.order_by("id").values())
        response = ada.post(ADD, typed("12") | {"seen": token})
        assert response.status_code == 422
        assert "Nothing was changed" in text(response)
        assert list(PriceRule.objects.order_by("id").values()) == before
        send(ada, hidden(response), "12")
        assert amounts() == [10, 12]

    def test_a_page_of_the_day_before_must_be_looked_at_again(
        self, ada: Browser, prices: PriceRule, now: datetime
    ) -> None:
        old = SeenPrices.of(rules_not_over(now), opened=now - DAY - timedelta(seconds=1))
        assert ada.post(ADD, typed("12") | {"seen": old.token()}).status_code == 422
        assert amounts() == [10]

    @pytest.mark.parametrize("altered", [{"classification": "Bronze"}, {"age_bucket": "x" * 5000}, {"amount": "\0"}])
    def test_a_form_that_was_altered_changes_nothing(
        self, ada: Browser, prices: PriceRule, altered: dict[str, str]
    ) -> None:
        before = list(PriceRule.objects.order_by("id").values())
        assert send(ada, open_form(ada), "12", None, **altered).status_code == 422
        assert list(PriceRule.objects.order_by("id").values()) == before


class TestWithdrawing:
    @pytest.fixture
    def future(self, ada: Browser, prices: PriceRule, now: datetime) -> PriceRule:
        send(ada, open_form(ada), "12", now + 2 * DAY)
        return rules()[1]

    def test_what_changed_around_it_is_told_first(
        self, ada: Browser, ben: Browser, future: PriceRule, now: datetime
    ) -> None:
        opened = hidden(ben.get(withdrawal(future)))
        send(ada, open_form(ada), "11", now + DAY)
        response = ben.post(withdrawal(future), opened)
        assert response.status_code == 409
        assert "ada@homeshield.example set $11.00 from " in text(response)
        assert "$11.00, as before" in text(response)
        assert amounts() == [10, 11, 12]
        ben.post(withdrawal(future), hidden(response))
        assert amounts() == [10, 11]

    def test_what_is_withdrawn_already_is_said(self, ada: Browser, ben: Browser, future: PriceRule) -> None:
        opened = hidden(ben.get(withdrawal(future)))
        ada.post(withdrawal(future), opened)
        response = ben.post(withdrawal(future), opened, follow=True)
        assert [str(message) for message in response.context["messages"]] == ["This price has been withdrawn already."]
        assert amounts() == [10]

    @pytest.mark.parametrize("token", ["", "tampered"])
    def test_a_page_that_is_none_of_ours_withdraws_nothing(self, ada: Browser, future: PriceRule, token: str) -> None:
        response = ada.post(withdrawal(future), {"seen": token})
        assert (response.status_code, "Nothing was changed" in text(response)) == (422, True)
        assert amounts() == [10, 12]
        assert LogEntry.objects.filter(action_flag=3).count() == 0


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """By parallel connections, which saw the same: without the check under the lock each of them would be through."""

    @pytest.fixture
    def seen(self, now: datetime) -> SeenPrices:
        starting_prices_load(as_of=now)
        return SeenPrices.of(rules_not_over(now), opened=now)

    def test_one_of_them_is_through_and_all_others_are_told(self, seen: SeenPrices, now: datetime) -> None:
        def set_price(number: int) -> PriceRule:
            return price_set(
                classification=Classification.GOLD,
                age_bucket=AgeBucket.MONTH_3_TO_5,
                amount=Decimal(10 + number),
                effective_from=now + number * DAY,
                as_of=now,
                by=None,
                seen=seen,
            )

        results = run_together([partial(set_price, number) for number in (1, 2, 3, 4)])
        done = [result for result in results if isinstance(result, PriceRule)]
        told = [result for result in results if isinstance(result, PriceChangedMeanwhile)]
        assert (len(done), len(told)) == (1, 3)
        assert {one.news for one in told} == {
            f"A command set ${done[0].amount:.2f} from {done[0].effective_from_utc:%Y-%m-%d %H:%M:%S} UTC."
        }
        assert amounts() == [10, done[0].amount]

    def test_of_withdrawals_as_well(self, seen: SeenPrices, now: datetime) -> None:
        cell: dict[str, Any] = {"classification": Classification.GOLD, "age_bucket": AgeBucket.MONTH_3_TO_5}
        ahead = [
            price_set(**cell, amount=Decimal(10 + n), effective_from=now + n * DAY, as_of=now, by=None) for n in (1, 2)
        ]
        seen = SeenPrices.of(rules_not_over(now), opened=now)
        results = run_together([partial(price_withdraw, rule=rule, as_of=now, by=None, seen=seen) for rule in ahead])
        assert [type(result) for result in results if result] == [PriceChangedMeanwhile]
        assert len(amounts()) == 2
        with pytest.raises(PriceRuleIsGone):
            price_withdraw(rule=ahead[0 if results[0] is None else 1], as_of=now, by=None, seen=seen)
