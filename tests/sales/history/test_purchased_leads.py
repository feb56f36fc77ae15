"""Purchased leads are found by name, phone, place, order and month; nobody else's, and no erased person."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from homeshield.accounts.models import User
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from inventory.facts.criteria import Criteria
from inventory.withholding.services import leads_withdraw
from leads.age import AgeBucket
from leads.classification import Classification
from sales.history import purchases, views
from sales.history.order_map import order_map
from sales.history.purchases import LeadSearch, order_places, purchases_page, purchases_refresh
from sales.history.year import year_of, years_of
from sales.models import Order, PurchasedLead
from sales.privacy.carrying_out import leads_erase
from tests.factories import ClientFactory, UserFactory, stock
from tests.sales.history.test_order_pages import text
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
PEOPLE: tuple[dict[str, Any], ...] = (
    {"full_name": "Opal Quebedeaux", "first_name": "Opal", "last_name": "Quebedeaux", "borrower_phone": "3181000177"},
    {"full_name": "Beau Quigley", "first_name": "Beau", "last_name": "Quigley", "borrower_phone": "13181000199"},
    {"full_name": "Rosa De La Cruz", "first_name": "Rosa", "last_name": "De La Cruz", "city": "San Antonio",
     "state": "TX", "county": "Bexar", "borrower_phone": "(210) 100-0123"},
)  # fmt: skip


@pytest.fixture
def shop(client: Client, buyer: User, now: datetime) -> Client:
    """A browser of the buyer's, in a shop with prices for two months."""
    set_prices(since=now - timedelta(days=60))
    client.force_login(buyer)
    return client


@pytest.fixture
def orders(buyer: User, now: datetime, shop: Client) -> tuple[Order, Order]:
    """Two people in Caddo, bought forty days ago; one in Bexar, bought just now. A rival has an Opal too."""
    assert buyer.client is not None
    last_month = now - timedelta(days=40)
    for person in PEOPLE[:2]:
        stock(1, as_of=now, age_days=240, **person)
    first = buy(buyer.client, 2, GOLD, as_of=last_month)
    stock(1, as_of=now, **PEOPLE[2])
    second = buy(buyer.client, 1, GOLD, as_of=now)
    stock(1, as_of=now, full_name="Opal Secret", first_name="Opal", last_name="Secret")
    buy(ClientFactory(), 1, GOLD, as_of=now)
    return first, second


def names(user: User, **asked: object) -> list[str | None]:
    assert user.client_id is not None
    purchases_refresh(user.client_id)
    page = purchases_page(
        client_id=user.client_id,
        asked=LeadSearch(**asked),  # type: ignore[arg-type]
        cursor=None,
        limit=50,
    )
    return [sale.lead.last_name for sale in page.rows]


def test_a_lead_is_found_by_whatever_one_knows_of_it(buyer: User, orders: tuple[Order, Order], now: datetime) -> None:
    cruz, opal, both = ["De La Cruz"], ["Quebedeaux"], ["Quebedeaux", "Quigley"]
    found = {
        typed: sorted(filter(None, names(buyer, text=typed)))
        for typed in (
            "opal", "QUEBE", "opal quebedeaux", "quebedeaux, opal", "qu", "beau opal", "3181000177", "(318) 100-0177",
            "+1 318 100 0177", "318100", "210-100", "caddo", "san antonio", "cruz", "de la cruz", "rosa san antonio",
            "bexar rosa", f"#{orders[0].number}", f"#{orders[0].number} beau", "secret", "nobody", "99999",
        )
    }  # fmt: skip
    assert found == {
        "opal": opal, "QUEBE": opal, "opal quebedeaux": opal, "quebedeaux, opal": opal, "qu": both, "beau opal": [],
        "3181000177": opal, "(318) 100-0177": opal, "+1 318 100 0177": opal, "318100": both, "210-100": cruz,
        "caddo": both, "san antonio": cruz, "cruz": [], "de la cruz": cruz, "rosa san antonio": cruz,
        "bexar rosa": cruz, f"#{orders[0].number}": both, f"#{orders[0].number} beau": ["Quigley"], "secret": [],
        "nobody": [], "99999": [],
    }  # fmt: skip
    assert names(buyer) == ["De La Cruz", "Quigley", "Quebedeaux"]
    assert names(buyer, sort="oldest") == ["Quebedeaux", "Quigley", "De La Cruz"]
    assert names(buyer, sort="name") == ["De La Cruz", "Quebedeaux", "Quigley"]
    assert names(buyer, state="TX") == names(buyer, county="Bexar") == cruz
    month = (now - timedelta(days=40)).date().replace(day=1)
    assert sorted(filter(None, names(buyer, month=month))) == both
    assert names(buyer, month=date(2020, 1, 1)) == []


@pytest.mark.parametrize("sort", ["newest", "oldest", "name", "city", "county", "called"])
def test_pages_go_there_and_back_without_gaps(buyer: User, shop: Client, now: datetime, sort: str) -> None:
    assert buyer.client_id is not None
    assert buyer.client is not None
    for number in range(7):
        stock(1, as_of=now, last_name=f"Name{number % 3}", county=("Caddo", "Allen")[number % 2])
    buy(buyer.client, 3, GOLD, as_of=now - timedelta(minutes=1))
    buy(buyer.client, 4, GOLD, as_of=now)
    purchases_refresh(buyer.client_id)

    def page(cursor: str | None, limit: int) -> tuple[list[object], str | None, str | None]:
        found = purchases_page(client_id=buyer.client_id, asked=LeadSearch(sort=sort), cursor=cursor, limit=limit)  # type: ignore[arg-type]
        return [sale.id for sale in found.rows], found.next_cursor, found.previous_cursor

    whole, *_ = page(None, 50)
    assert len(set(whole)) == 7
    first, further, _ = page(None, 3)
    second, last_at, back = page(further, 3)
    last, end, _ = page(last_at, 3)
    assert [*first, *second, *last] == whole
    assert end is None
    assert page(back, 3)[0] == first


def test_what_is_typed_stands_in_no_address_and_the_view_is_on_record(
    shop: Client, buyer: User, orders: tuple[Order, Order]
) -> None:
    sent = shop.post("/leads/", {"text": "Quebedeaux", "state": "LA", "sort": "name"})
    assert sent.status_code == 302
    assert "uebedeaux" not in sent["Location"]
    assert "state=LA&sort=name" in sent["Location"]
    found = shop.get(sent["Location"])
    assert [sale.lead.last_name for sale in found.context["page"].rows] == ["Quebedeaux"]
    assert "1 lead for “Quebedeaux” in LA." in text(found)
    assert "(318) 100-0177" in text(found)
    assert 'href="tel:+13181000177"' in found.content.decode()
    assert (
        AuditEvent.objects.filter(action=AuditAction.PERSONAL_DATA_SEE, object_type="sales.purchasedlead").count() == 1
    )
    stranger = Client()
    stranger.force_login(UserFactory(client=buyer.client))
    answer = stranger.get(sent["Location"])
    assert "This search is no longer kept." in text(answer)
    order = shop.post(f"/orders/{orders[0].id}/", {"text": "beau"}, follow=True)
    assert [sale.lead.last_name for sale in order.context["page"].rows] == ["Quigley"]


def test_htmx_gets_what_is_found_its_number_and_its_address(shop: Client, orders: tuple[Order, Order]) -> None:
    htmx = {"HX-Request": "true"}
    found = shop.post("/leads/", {"text": "Qu", "state": "LA"}, headers=htmx, follow=True)
    assert found["HX-Push-Url"].startswith("/leads/?search=")
    assert "Qu" not in found["HX-Push-Url"]
    said = text(found)
    assert said.startswith("2 leads for “Qu” in LA. Show all")
    assert said.endswith("2 leads")
    assert "<form" not in found.content.decode()
    assert text(shop.post("/leads/", {"text": "nobody"}, headers=htmx, follow=True)).endswith("No leads")
    wrong = shop.post("/leads/", {"text": "x" * 101}, headers=htmx)
    assert (wrong.status_code, wrong["HX-Retarget"]) == (422, "#leads-part")
    assert "Use 100 characters at most." in text(wrong)


def test_counting_stops_at_a_thousand(
    buyer: User, orders: tuple[Order, Order], shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purchases, "MOST_COUNTED", 1)
    monkeypatch.setattr(views, "MOST_COUNTED", 1)
    assert "1+ leads in LA." in text(shop.get("/leads/?state=LA"))
    assert "1 lead in TX." in text(shop.get("/leads/?state=TX"))


def test_a_wrong_filter_is_said_at_its_field(shop: Client, orders: tuple[Order, Order]) -> None:
    for query, said in (("state=ZZ", "“ZZ” is not a state we know."), ("month=2026-13", "is not a month we know.")):
        answer = shop.get(f"/leads/?{query}")
        assert answer.status_code == 422
        assert said in text(answer)
    assert "Use 100 characters at most." in text(shop.post("/leads/", {"text": "x" * 101}))


def test_one_lead_opens_in_full_for_its_buyer_alone(shop: Client, orders: tuple[Order, Order]) -> None:
    sale = orders[1].sales.get()
    assert "Rosa De La Cruz" in text(shop.get(f"/leads/{sale.id}/"))
    part = shop.get(f"/leads/{sale.id}/", headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith("<article")
    rivals = Order.objects.exclude(id__in=[order.id for order in orders]).get().sales.get()
    assert shop.get(f"/leads/{rivals.id}/").status_code == 404


def test_viewers_see_where_leads_are_and_no_leads(buyer: User, orders: tuple[Order, Order]) -> None:
    viewer = Client()
    viewer.force_login(UserFactory(client=buyer.client, role=ClientRole.VIEWER))
    for address in (f"/orders/{orders[1].id}/", "/orders/", "/orders/year/"):
        said = viewer.get(address).content.decode()
        assert "Cruz" not in said
        assert "San Antonio" not in said
        assert "(210)" not in said
        assert "+1210" not in said
    assert "Bexar" in text(viewer.get(f"/orders/{orders[1].id}/"))
    assert viewer.get("/leads/").status_code == 403
    assert viewer.post(f"/orders/{orders[1].id}/", {"text": "cruz"}).context.get("asked") is None


def test_an_erased_person_is_found_no_more(
    shop: Client, buyer: User, orders: tuple[Order, Order], now: datetime
) -> None:
    assert buyer.client_id is not None
    purchases_refresh(buyer.client_id)
    first, second = orders[0].sales.order_by("id")
    for sale in (first, second):
        leads_withdraw(lead_ids=[sale.lead_id], reason="other", note="Asked.", by_id=None, as_of=now)
    leads_erase([first.lead_id], as_of=now)
    gone = PurchasedLead.objects.get(sale=first)
    assert (gone.first_name, gone.last_name, gone.city, gone.phone, gone.county) == ("", "", "", "", "Caddo")
    assert names(buyer, text="opal") == []
    PurchasedLead.objects.all().delete()
    leads_erase([second.lead_id], as_of=now)
    assert names(buyer, text="beau") == []
    said = text(shop.get(f"/orders/{orders[0].id}/"))
    assert "– – – Caddo, LA – – – –" in said


def test_orders_are_taken_in_once_and_counted_by_place_month_and_state(
    shop: Client, buyer: User, orders: tuple[Order, Order]
) -> None:
    assert buyer.client_id is not None
    assert [purchases_refresh(buyer.client_id), purchases_refresh(buyer.client_id)] == [3, 0]
    places = order_places(client_id=buyer.client_id, order_id=orders[0].id)
    drawn = order_map(places)
    assert (drawn.title, [(place.name, place.leads, place.shade) for place in drawn.places]) == (
        "Louisiana",
        [("Caddo", 2, 5)],
    )
    both = order_map([*places, *order_places(client_id=buyer.client_id, order_id=orders[1].id)])
    assert [(place.name, place.leads) for place in both.places] == [("Louisiana", 2), ("Texas", 1)]
    years = years_of(buyer.client_id)
    as_of = orders[1].placed_at_utc
    shown = [year_of(client_id=buyer.client_id, year=year, as_of=as_of) for year in years]
    assert sum(year.total.leads for year in shown) == 3
    assert sum((year.total.spent for year in shown), Decimal(0)) == Decimal("24.00")
    states = {state.label: (state.leads, state.spent) for year in shown for state in year.states}
    assert states == {"Louisiana": (2, Decimal("16.00")), "Texas": (1, Decimal("8.00"))}
    month = orders[0].placed_at_utc
    of_year = next(year for year in shown if year.year == month.year)
    assert of_year.months[month.month - 1].leads >= 2
    assert len(of_year.months) == (as_of.month if as_of.year == month.year else 12), "none is still to come"
    begun = year_of(client_id=buyer.client_id, year=years[-1], is_first=True, as_of=as_of).months[0]
    assert begun.leads > 0, "a client's first year begins with its first order"
    assert f"{month:%b}" in text(shop.get(f"/orders/year/?year={month.year}"))
    assert shop.get("/orders/year/?year=1999").status_code == 404


def test_the_list_of_orders_says_what_they_hold_and_what_their_months_cost(
    shop: Client, buyer: User, orders: tuple[Order, Order]
) -> None:
    said = text(shop.get("/orders/"))
    month = orders[0].placed_at_utc
    assert f"{month:%B} {month.year} 2 $16.00 #{orders[0].number} Gold, 6 to 8 months, all states" in said
    assert f'href="/orders/{orders[0].id}/leads.csv"' in shop.get("/orders/").content.decode()


def test_a_place_of_the_map_filters_the_orders_leads(shop: Client, orders: tuple[Order, Order]) -> None:
    page = shop.get(f"/orders/{orders[1].id}/")
    assert 'href="?state=TX&amp;county=Bexar#leads-title"' in page.content.decode()
    assert "No leads match" in text(shop.get(f"/orders/{orders[1].id}/?state=LA"))
    assert timezone.now() > orders[1].placed_at_utc
    assert "1 lead is yours" in text(page)
