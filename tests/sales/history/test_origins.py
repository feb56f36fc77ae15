"""The page of a lead shows when it was loaded, from whom, how often it was sold, and until when it is
exclusive."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from homeshield.accounts.models import User
from homeshield.lib.instants import instant_text
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord
from inventory.withholding.models import PersonLink
from leads.age import AgeBucket
from leads.classification import Classification
from sales.history.origins import Origin, origins_of
from sales.models import Sale
from tests.factories import ClientFactory, LoadFactory, stock
from tests.sales.history.test_order_pages import text
from tests.sales.purchases import buy

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
OLDEST = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_24_PLUS)


def test_a_first_sale_is_exclusive_until_the_lead_leaves_its_bucket(
    shop: Client, buyer: User, now: datetime, settings: Settings
) -> None:
    assert buyer.client is not None
    [record] = stock(1, as_of=now, load=LoadFactory(loaded_at_utc=now, supplier="ACME"))
    order = buy(buyer.client, 1, GOLD, as_of=now)
    sale = Sale.objects.get()
    loaded = sale.lead.ingested_at_utc
    assert origins_of([sale.id]) == {sale.id: Origin(loaded, None, 0, record.expires_at_utc)}
    expires = record.expires_at_utc
    said = text(shop.get(f"/leads/{order.sales.get().id}/"))
    assert f"Sold before Never Exclusive until {instant_text(expires)}" in said
    assert "ACME" not in said
    settings.SHOW_SUPPLIERS = True
    assert "Supplier ACME Sold before" in text(shop.get(f"/leads/{order.sales.get().id}/"))


def test_sales_of_the_person_before_count_under_whichever_lead(buyer: User, shop: Client, now: datetime) -> None:
    assert buyer.client is not None
    rivals = [ClientFactory(), ClientFactory()]
    stock(1, as_of=now)
    earlier = buy(rivals[0], 1, GOLD, as_of=now - timedelta(minutes=5)).sales.get()
    [record] = stock(1, as_of=now)
    pair = (earlier.lead_id, record.lead_id)
    PersonLink.objects.bulk_create(PersonLink(lead_id=a, other_id=b) for a, b in (pair, pair[::-1]))
    order = buy(buyer.client, 1, GOLD, as_of=now)
    stock(1, as_of=now)
    other = buy(rivals[1], 1, GOLD, as_of=now + timedelta(seconds=1)).sales.get()
    sale = order.sales.get()
    counts = {sale_id: origin.sold_before for sale_id, origin in origins_of([earlier.id, sale.id, other.id]).items()}
    assert counts == {earlier.id: 0, sale.id: 1, other.id: 0}
    assert "Sold before Once" in text(shop.get(f"/leads/{order.sales.get().id}/"))


def test_the_last_bucket_has_no_end(shop: Client, buyer: User, now: datetime) -> None:
    assert buyer.client is not None
    stock(1, as_of=now, age_days=900)
    order = buy(buyer.client, 1, OLDEST, as_of=now)
    [origin] = origins_of([order.sales.get().id]).values()
    assert origin.exclusive_until_utc is None
    assert "Exclusive until Always" in text(shop.get(f"/leads/{order.sales.get().id}/"))
    assert InventoryRecord.objects.count() == 1
