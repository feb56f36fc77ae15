"""What a buyer sees on the page while other orders hold the leads: not an error page, and nothing lost."""

from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from inventory.allocation import waiting
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add
from sales.models import Order
from tests.concurrency.parallel import rival
from tests.factories import UserFactory, stock
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("htmx", [False, True])
def test_a_busy_shop_says_so_and_keeps_the_order(now: datetime, monkeypatch: pytest.MonkeyPatch, htmx: bool) -> None:
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "200ms")
    set_prices(now - timedelta(days=1))
    records = stock(3, as_of=now)
    user = UserFactory()
    gold_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    draft_line_add(user=user, criteria=gold_6, quantity=3)
    shown = draft_summary(user=user, as_of=now)
    browser = Browser(headers={"HX-Request": "true"} if htmx else {})
    browser.force_login(user)
    form = {"draft_id": shown.draft_id, "version": shown.version, "expected_total": shown.total}

    def hold() -> None:
        list(InventoryRecord.objects.select_for_update().filter(id=records[0].id))

    with rival(hold):
        answer = browser.post(reverse("sales:draft-buy"), form)
    assert answer.status_code == 503
    assert b"Nothing was bought. Please try again." in answer.content
    assert b"Traceback" not in answer.content
    assert not Order.objects.exists()

    again = browser.post(reverse("sales:draft-buy"), form)
    order = Order.objects.get()
    assert again.headers["HX-Redirect" if htmx else "Location"] == reverse("sales:order-show", args=[order.id])
