"""Searches saved by a name: what they find now, and the mail that comes when there is enough of it or it is cheaper."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client

from homeshield.accounts.models import User
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.saved import retention
from sales.saved.errors import SearchesNotMailed
from sales.saved.mailing import searches_enqueue, searches_mail_now
from sales.saved.models import SavedSearch
from sales.saved.services import Wanted, search_mails, search_save, stop_token
from tests.factories import ClientFactory, UserFactory, stock
from tests.homeshield.worker import tasks_run
from tests.sales.history.test_order_pages import GOLD, text
from tests.sales.purchases import buy

pytestmark = pytest.mark.django_db

GOLD_CADDO = Wanted(
    classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, states=["LA"], counties=["Caddo"]
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def saved(buyer: User, now: datetime, *, mail_from: int | None = None, on_price: bool = False) -> SavedSearch:
    search = search_save(user=buyer, name="Near home", wanted=GOLD_CADDO, as_of=now)
    search_mails(
        user=buyer, search_id=search.id, mail_from=mail_from, on_price=on_price, site="https://shop.example/", as_of=now
    )
    return search


def cheaper(now: datetime, amount: str) -> None:
    cell = PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_6_TO_8", effective_until_utc=None)
    cell.update(effective_until_utc=now)
    PriceRule.objects.create(
        classification="Gold", age_bucket="MONTH_6_TO_8", amount=Decimal(amount), effective_from_utc=now
    )


def test_a_filter_of_the_browse_page_is_saved_counted_opened_and_removed(
    shop: Client, buyer: User, now: datetime
) -> None:
    stock(2, as_of=now)
    stock(1, as_of=now, county="Allen")
    stock(4, as_of=now, state="TX", county="Harris")
    query = "classification=Gold&age_bucket=MONTH_6_TO_8&state=LA&county=Caddo&county=Allen"
    assert shop.post("/searches/", {"name": "Near home", "filter": query + "&view=map"}).status_code == 302
    said = text(shop.get("/searches/"))
    assert (
        "Near home Gold, 6 to 8 months, 2 counties in LA 3 available, from $8.00 As many as at your last visit," in said
    )
    stock(2, as_of=now)
    assert "5 available, from $8.00 2 more than at your last visit," in text(shop.get("/searches/"))
    search = SavedSearch.objects.get()
    opened = shop.get(f"/searches/{search.id}/")
    assert opened["Location"] == f"/inventory/?{query}"
    assert "As many as at your last visit," in text(shop.get("/searches/"))
    assert buyer.client is not None
    buy(buyer.client, 2, GOLD.at(Place("LA")), as_of=now)
    assert "3 available, from $8.00 2 fewer than at your last visit," in text(shop.get("/searches/"))
    again = shop.post("/searches/", {"name": "Near home", "filter": "state=TX"})
    assert again.status_code == 422
    assert "You have saved a search by this name." in text(again)
    stranger = Client()
    stranger.force_login(UserFactory(client=buyer.client))
    for address in ("", "mail/", "remove/"):
        ask = stranger.post if address else stranger.get
        assert ask(f"/searches/{search.id}/{address}").status_code == 404
    assert shop.post(f"/searches/{search.id}/remove/").status_code == 302
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    "query", ["state=ZZ", "county=Caddo", "state=LA&county=Harris", "state=LA&county=%00", "age_bucket=OLD"]
)
def test_a_filter_that_no_page_offers_is_not_saved(shop: Client, query: str) -> None:
    answer = shop.post("/searches/", {"name": "Odd", "filter": query})
    assert answer.status_code == 422
    assert "something that we do not know" in text(answer)
    assert not SavedSearch.objects.exists()


def test_a_number_passed_is_mailed_once_and_at_most_daily(shop: Client, buyer: User, now: datetime) -> None:
    stock(2, as_of=now)
    search = saved(buyer, now, mail_from=3)
    assert searches_mail_now(user_id=buyer.id, as_of=now + HOUR) == 0
    stock(1, as_of=now)
    assert searches_mail_now(user_id=buyer.id, as_of=now + 1.5 * HOUR) == 0  # looked at within the hour
    assert searches_enqueue(as_of=now + 2 * HOUR) == 1
    assert searches_mail_now(user_id=buyer.id, as_of=now + 2 * HOUR) == 1
    [sent] = mail.outbox
    assert sent.to == [buyer.email]
    assert "3 available; you asked for 3 or more." in sent.body
    assert f"https://shop.example/searches/{search.id}/" in sent.body
    assert searches_mail_now(user_id=buyer.id, as_of=now + 4 * HOUR) == 0
    assert searches_mail_now(user_id=buyer.id, as_of=now + 2 * DAY) == 0  # still above: nothing was passed
    assert len(mail.outbox) == 1
    assert tasks_run() == [("searches_mail", "SUCCESSFUL")]


def test_a_lower_price_is_mailed_and_a_higher_one_is_remembered(shop: Client, buyer: User, now: datetime) -> None:
    stock(2, as_of=now)
    saved(buyer, now, on_price=True)
    cheaper(now + HOUR, "9.00")
    assert searches_mail_now(user_id=buyer.id, as_of=now + 2 * HOUR) == 0
    cheaper(now + 3 * HOUR, "8.50")
    assert searches_mail_now(user_id=buyer.id, as_of=now + 4 * HOUR) == 1
    assert "The lowest price fell from $9.00 to $8.50." in mail.outbox[0].body


def test_one_click_ends_the_mails_without_signing_in(
    shop: Client, buyer: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(1, as_of=now)
    search = saved(buyer, now, mail_from=2)
    stock(1, as_of=now)

    def away(*_: object, **__: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        with pytest.raises(SearchesNotMailed):
            searches_mail_now(user_id=buyer.id, as_of=now + HOUR)
    assert searches_mail_now(user_id=buyer.id, as_of=now + HOUR + timedelta(seconds=1)) == 1  # tried again
    [sent] = mail.outbox
    link = re.fullmatch(r"<https://shop\.example(/searches/stop/\S+/)>", sent.extra_headers["List-Unsubscribe"])
    assert link
    assert link[1] in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = Client(enforce_csrf_checks=True)
    other = UserFactory()
    forged = stop_token(other.id).partition(":")[0] + ":" + stop_token(buyer.id).partition(":")[2]
    for ask in (program.get, program.post):
        assert ask(f"/searches/stop/{forged}/").status_code == 404
    scanned = program.get(link[1])
    assert "Stop these emails" in text(scanned)
    search.refresh_from_db()
    assert search.mails, "a scanner of mails follows the link and ends nothing"
    ended = program.post(link[1], {"List-Unsubscribe": "One-Click"})
    assert ended.status_code == 200, "RFC 8058 follows no redirect"
    assert "No more emails about saved searches" in text(ended)
    search.refresh_from_db()
    assert not search.mails


def test_mails_are_set_on_the_page_and_wrong_numbers_said_there(shop: Client, buyer: User, now: datetime) -> None:
    search = search_save(user=buyer, name="All", wanted=Wanted(), as_of=now)
    wrong = shop.post(f"/searches/{search.id}/mail/", {"mail_from": "0"})
    assert wrong.status_code == 422
    assert "Enter 1 or more." in text(wrong)
    shop.post(f"/searches/{search.id}/mail/", {"mail_from": "1,000", "on_price": "on"})
    search.refresh_from_db()
    assert (search.mail_from, search.mail_on_price, search.was_below) == (1000, True, True)
    assert search.site == "http://testserver/"


def test_who_left_or_may_not_browse_gets_no_mail_and_is_forgotten(shop: Client, buyer: User, now: datetime) -> None:
    saved(buyer, now, mail_from=1)
    stock(1, as_of=now)
    User.objects.filter(id=buyer.id).update(client=ClientFactory())
    assert searches_mail_now(user_id=buyer.id, as_of=now + HOUR) == 0
    [kept] = retention.KEPT
    assert [kept.count(now), kept.count(now + DAY), kept.remove(now + DAY)] == [0, 1, 1]
