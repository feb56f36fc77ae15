"""The public page and staff opt people out by the web's login, which erases nobody."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_keys import key_of
from leads.models import OptOut
from leads.opt_outs.models import OptOutKind, OptOutState
from sales.models import Notice
from sales.privacy.carrying_out import leads_erase
from sales.privacy.services import opt_out
from tests.factories import ClientFactory, stock
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


def test_the_web_opts_out_and_tells_and_does_not_erase(
    as_web: Callable[[], AbstractContextManager[None]], as_of: datetime
) -> None:
    set_prices(since=as_of - timedelta(days=1))
    stock(1, as_of=as_of)
    client = ClientFactory()
    lead = buy(client, 1, GOLD, as_of=as_of).sales.get().lead
    stock(1, as_of=as_of, borrower_phone=lead.borrower_phone)
    key = key_of(lead.borrower_phone)
    assert key
    with as_web():
        one = opt_out(key=key, kind=OptOutKind.PAGE, wants_erasure=True, as_of=as_of)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            leads_erase([lead.id], as_of=as_of)
    assert OptOut.objects.get(id=one.id).state == OptOutState.IN_FORCE
    assert Notice.objects.get().client_id == client.id
    assert not InventoryRecord.objects.sellable(as_of).exists()
    lead.refresh_from_db()
    assert lead.erased_at_utc is None
