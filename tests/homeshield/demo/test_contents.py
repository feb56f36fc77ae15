"""What the demo makes, once, and the databases that it leaves alone."""

from datetime import datetime

import pytest
from django.db import connection

from homeshield.accounts.models import ClientStatus, User
from homeshield.demo import contents
from homeshield.demo.contents import NotTheDemos
from homeshield.demo.fictional_leads import CAMPAIGN
from inventory.models import InventoryRecord, PersonLink, WithheldLead, YoungLead
from leads.models import Lead, Load
from pricing.starting_prices import starting_prices_load
from sales.models import Order, Sale
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def named_by_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "embedded", lambda: False)


@pytest.mark.parametrize("campaign", ["WK060225A", "demo-1", None])
def test_a_database_with_leads_of_other_origin_is_refused(now: datetime, campaign: str | None) -> None:
    contents.leads_make(range(3), as_of=now)
    LeadFactory(as_of=now, campaign_id=campaign)

    with pytest.raises(NotTheDemos):
        contents.database_check()


def test_a_database_with_its_own_leads_or_none_is_the_demo_s(now: datetime) -> None:
    contents.database_check()
    contents.leads_make(range(3), as_of=now)
    contents.database_check()


def test_the_embedded_database_may_hold_anything(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(contents, "embedded", lambda: True)
    LeadFactory(as_of=now)
    contents.database_check()


def test_leads_are_loaded_as_operators_load_them_and_topped_up(now: datetime) -> None:
    assert contents.leads_make(range(200), as_of=now) == 200
    assert contents.leads_make(range(150, 250), as_of=now) == 50, "a number is loaded once"

    assert Lead.objects.filter(campaign_id__startswith=CAMPAIGN).count() == 250
    assert InventoryRecord.objects.count() + YoungLead.objects.count() == 250
    assert (contents.leads_there(100), contents.leads_there(1000)) == (100, 250)


def test_there_are_suppliers_persons_who_called_again_and_a_withdrawal(now: datetime) -> None:
    contents.leads_make(range(400), as_of=now)
    assert set(Load.objects.values_list("supplier", flat=True)) == set(contents.SUPPLIERS)
    assert Load.objects.latest("id").seen_before > 0
    assert WithheldLead.objects.filter(superseded=True).count() == PersonLink.objects.count() / 2 > 0
    assert [contents.lead_withdraw(as_of=now) for _ in range(2)] == [True, False]
    assert WithheldLead.objects.filter(withdrawn=True).count() == 1


def test_accounts_are_made_once_and_a_changed_password_is_noticed() -> None:
    assert contents.staff_make() == contents.staff_make()
    assert contents.buyer_make() == contents.buyer_make()
    staff, buyer = User.objects.get(email=contents.STAFF), User.objects.get(email=contents.BUYER)
    assert (staff.is_staff, staff.client) == (True, None)
    assert (buyer.is_staff, buyer.client and buyer.client.status) == (False, ClientStatus.ACTIVE)
    assert not contents.buyer_make().changed

    buyer.set_password("something of my own")
    buyer.save()

    assert contents.buyer_make().changed
    assert User.objects.count() == 2


def test_the_buyer_has_one_order_to_look_at(now: datetime) -> None:
    starting_prices_load(as_of=now)
    contents.leads_make(range(3000), as_of=now)
    connection.check_constraints()  # a load asks for them at once up to its commit, which here never comes
    contents.buyer_make()
    assert [contents.money_make(buyer_email=contents.BUYER, as_of=now) for _ in range(2)] == [True, False]
    assert [contents.discounts_make(as_of=now) for _ in range(2)] == [True, False]

    first, again = (contents.order_make(buyer_email=contents.BUYER) for _ in range(2))

    assert first is not None
    assert first == again == Order.objects.get()
    assert Sale.objects.count() == first.quantity == 35
    assert all(sale.purchase_price == sale.list_price * 9 / 10 for sale in Sale.objects.all())


def test_without_stock_there_is_no_order(now: datetime) -> None:
    starting_prices_load(as_of=now)
    contents.buyer_make()

    assert contents.order_make(buyer_email=contents.BUYER) is None
    assert not Order.objects.exists()
