"""A file that was downloaded by an API key says by which, in its record and to staff."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from exports.models import Export
from homeshield.accounts.models import User
from homeshield.audit.models import AuditEvent
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order
from tests.api.conftest import Caller, buyer, caller, other
from tests.factories import StaffFactory, stock
from tests.sales.purchases import buy

__all__ = ["buyer", "caller", "other"]

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def order(caller: Caller, now: datetime) -> Order:
    stock(2, as_of=now)
    return buy(caller.client, 2, GOLD, as_of=now)


def test_an_export_names_the_key_that_downloaded_it(caller: Caller, buyer: User, order: Order, client: Browser) -> None:
    sale_ids = ",".join(str(key) for key in order.sales.values_list("id", flat=True))
    for answer in (
        caller.get(f"purchases/{order.id}/download"),
        caller.get("purchases/download", sale_ids=sale_ids, client_id=str(caller.client.id)),
    ):
        assert answer.status_code == 200
        assert len(b"".join(answer).splitlines()) == 3
    client.force_login(buyer)
    b"".join(client.get(f"/orders/{order.id}/leads.csv"))
    exports = list(Export.objects.order_by("id"))
    assert [(export.api_key, export.user) for export in exports] == [
        (caller.key, buyer),
        (caller.key, buyer),
        (None, buyer),
    ]

    events = AuditEvent.objects.filter(action="export.start", actor=caller.key.prefix)
    assert {event.object_id for event in events} == {str(export.id) for export in exports[:2]}

    client.force_login(StaffFactory())
    named = f"nightly import ({caller.key.prefix}…)"
    for export, shown in zip(exports, (True, True, False), strict=True):
        assert (named in client.get(f"/admin/exports/export/{export.id}/change/").content.decode()) == shown


def test_the_database_takes_no_export_by_another_clients_key(caller: Caller, other: Caller, order: Order) -> None:
    ids = list(order.sales.values_list("id", flat=True))
    with pytest.raises(IntegrityError, match="export_by_a_key_of_its_client"), transaction.atomic():
        Export.objects.create(client=caller.client, api_key=other.key, sale_ids=ids, rows=len(ids))
    assert not Export.objects.exists()
