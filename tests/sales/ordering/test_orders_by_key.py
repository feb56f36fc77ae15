"""An order that came by an API key says by which: to the company, to programs, to staff and in the audit record."""

from datetime import datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client as Browser

from homeshield.accounts.models import User
from homeshield.audit.models import AuditEvent
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order
from sales.ordering.baskets import CriteriaBasket
from sales.ordering.services import order_place
from tests.api.conftest import Caller, buyer, caller, other
from tests.factories import StaffFactory, stock
from tests.sales.purchases import at, buy, demand

__all__ = ["buyer", "caller", "other"]

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 1}


def test_an_order_names_the_key_that_placed_it(caller: Caller, buyer: User, now: datetime, client: Browser) -> None:
    records = stock(3, as_of=now)
    own = {"client_id": str(caller.client.id)}
    assert caller.post("purchases/by-criteria", own | {"criteria": [LINE]}).status_code == 200
    assert caller.post("purchases", own | {"inventory_item_ids": [str(records[0].id)]}).status_code == 200
    on_a_page = buy(caller.client, 1, GOLD, as_of=now)
    by_key = Order.objects.filter(api_key=caller.key)
    assert (by_key.count(), on_a_page.api_key_id) == (2, None)
    assert {order.placed_by for order in by_key} == {buyer}

    listed = {order["order_id"]: order["api_key"] for order in caller.get("purchases").json()["orders"]}
    assert listed == {str(order.id): caller.key.prefix for order in by_key} | {str(on_a_page.id): None}
    assert caller.get(f"purchases/{by_key[0].id}").json()["api_key"] == caller.key.prefix

    client.force_login(buyer)
    for page in ("/orders/", f"/orders/{by_key[0].id}/"):
        content = client.get(page).content.decode()
        assert "nightly import" in content
        assert caller.key.prefix in content
    assert caller.key.prefix not in client.get(f"/orders/{on_a_page.id}/").content.decode()

    events = AuditEvent.objects.filter(action="purchase", actor=caller.key.prefix)
    assert {event.object_id for event in events} == {str(order.id) for order in by_key}

    client.force_login(StaffFactory())
    content = client.get(f"/admin/sales/order/{by_key[0].id}/change/").content.decode()
    assert f"nightly import ({caller.key.prefix}…)" in content
    assert caller.token not in content


def test_the_database_takes_no_order_by_another_clients_key(caller: Caller, other: Caller, now: datetime) -> None:
    stock(1, as_of=now)
    with pytest.raises(IntegrityError, match="order_by_a_key_of_its_client"):
        at(
            now, order_place,
            client_id=caller.client.id, user_id=None, api_key_id=other.key.id, basket=CriteriaBasket([demand(1, GOLD)]),
            key=str(uuid4()),
        )  # fmt: skip
    assert not Order.objects.exists()
