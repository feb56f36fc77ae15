"""What staff see of the large tables: every row and page to look at, nothing to change, and no query that grows."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.test import Client as Browser
from django.urls import reverse
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from exports.models import Export, SanitisedCell
from exports.services import export_complete
from homeshield.accounts.keys import key_create
from homeshield.accounts.models import ApiKey, Client, User
from homeshield.lib import view_only_admin
from homeshield.lib.view_only_admin import ViewOnlyAdmin
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord
from leads.admin import LeadAdmin
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Lead
from pricing.models import ClientPrice, DiscountRule, PriceRule
from pricing.starting_prices import starting_prices_load
from sales.models import Order, OrderLine, Sale
from tests.factories import ClientFactory, StaffFactory, UserFactory, stock
from tests.pricing.discounts.offers import offers_make
from tests.sales.purchases import buy

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
FINAL: list[type[Model]] = [Lead, InventoryRecord, Order, Sale, Export]
VIEW_ONLY: list[type[Model]] = [*FINAL, Client]
EVERY: list[type[Model]] = [*VIEW_ONLY, PriceRule, DiscountRule, ClientPrice, User, ApiKey]


@pytest.fixture
def staff(client: Browser) -> Browser:
    client.force_login(StaffFactory())
    return client


@pytest.fixture
def shop(now: datetime) -> Client:
    """Two orders of a client, one of them exported, beside another client's, and prices."""
    company = ClientFactory(name="Bayou Insurance")
    buyer = UserFactory(client=company)
    starting_prices_load(as_of=now)
    stock(8, as_of=now)
    buy(company, 2, GOLD, as_of=now)
    order = buy(company, 3, GOLD, as_of=now)
    buy(ClientFactory(), 1, GOLD, as_of=now)
    offers_make(company, since=now)
    sales = list(order.sales.values_list("id", flat=True))
    export = Export.objects.create(client=company, user=buyer, sale_ids=sales, rows=len(sales))
    key_create(client_id=company.id, name="nightly import", created_by=buyer, as_of=now)
    SanitisedCell.objects.create(export=export, sale_id=sales[0], column="lender", removed="=")
    export_complete(export=export, sha256="ab" * 32, size_bytes=1)
    return company


def page(model: type[Model], action: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def found(response: Any) -> set[object]:
    return {row.pk for row in response.context["cl"].result_list}


@pytest.mark.parametrize("model", EVERY)
def test_every_list_and_page_opens(staff: Browser, shop: Client, model: type[Model]) -> None:
    listed = staff.get(page(model, "changelist"))
    assert listed.status_code == 200
    assert found(listed) == set(model._default_manager.values_list("pk", flat=True))
    for pk in found(listed):
        assert staff.get(page(model, "change", pk)).status_code == 200
        assert staff.get(page(model, "history", pk)).status_code == 200


@pytest.mark.parametrize("model", EVERY)
def test_pages_are_for_staff(client: Browser, shop: Client, model: type[Model]) -> None:
    client.force_login(UserFactory(client=shop))
    for address in [page(model, "changelist"), page(model, "change", model._default_manager.first().pk)]:  # type: ignore[union-attr]
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("model", EVERY)
def test_lists_take_a_number_of_queries_that_does_not_grow(
    staff: Browser,
    shop: Client,
    now: datetime,
    model: type[Model],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(6):
        company = ClientFactory()
        UserFactory(client=company)
        key_create(client_id=company.id, name="nightly import", created_by=None, as_of=now)
        stock(1, as_of=now)
        order = buy(company, 1, GOLD, as_of=now)
        Export.objects.create(client=company, sale_ids=[order.sales.get().id], rows=1)
        offers_make(company, since=now)
    with django_assert_max_num_queries(8):  # session, user, the table's estimate, count, rows, prices, filters
        assert len(found(staff.get(page(model, "changelist")))) > 6


@pytest.mark.parametrize("model", VIEW_ONLY)
def test_what_is_to_look_at_has_no_way_to_be_added_changed_or_deleted(
    staff: Browser, shop: Client, model: type[Model]
) -> None:
    before = list(model._default_manager.order_by("pk").values())
    row = model._default_manager.first()
    assert row is not None
    everything = {field.name: "1" for field in model._meta.fields}
    for address in [page(model, "add"), page(model, "change", row.pk), page(model, "delete", row.pk)]:
        assert staff.post(address, {**everything, "post": "yes", "_save": "1"}).status_code == 403
    assert staff.get(page(model, "add")).status_code == 403
    assert staff.get(page(model, "delete", row.pk)).status_code == 403
    staff.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert list(model._default_manager.order_by("pk").values()) == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("model", FINAL)
def test_rows_are_found_by_exact_id_alone(staff: Browser, shop: Client, model: type[Model]) -> None:
    row = model._default_manager.last()
    assert row is not None
    assert found(staff.get(page(model, "changelist"), {"q": f" {row.pk} "})) == {row.pk}
    for nothing in [uuid4(), str(row.pk)[:-1], "no such thing", "'; --"]:
        assert found(staff.get(page(model, "changelist"), {"q": str(nothing)})) == set()


def searches(shop: Client) -> Iterator[tuple[type[Model], object, set[Any]]]:
    """Where to search, for what, and the ids of the rows to be found."""
    sale = Sale.objects.filter(client=shop).latest("id")
    of_order = set(Sale.objects.filter(order=sale.order_id).values_list("pk", flat=True))
    of_client = set(Sale.objects.filter(client=shop).values_list("pk", flat=True))
    orders = set(Order.objects.filter(client=shop).values_list("pk", flat=True))
    exports = set(Export.objects.values_list("pk", flat=True))
    yield InventoryRecord, sale.lead_id, {sale.inventory_id}
    yield Sale, sale.lead_id, {sale.pk}
    yield Sale, sale.inventory_id, {sale.pk}
    yield Sale, sale.order_id, of_order
    yield Sale, shop.pk, of_client
    yield Sale, "bayou", of_client
    yield Order, shop.pk, orders
    yield Order, "Bayou Insurance", orders
    yield Export, shop.pk, exports
    yield Export, "insurance", exports
    yield Client, shop.pk, {shop.pk}
    yield Client, "BAYOU", {shop.pk}
    yield Client, shop.users.get().email, {shop.pk}
    yield User, shop.users.get().email.upper(), {shop.users.get().pk}


def test_rows_are_found_by_what_they_belong_to(staff: Browser, shop: Client) -> None:
    for model, term, rows in searches(shop):
        assert rows
        assert found(staff.get(page(model, "changelist"), {"q": str(term)})) == rows, (model, term)


def test_a_lead_is_told_in_full_on_its_page_and_without_the_person_in_lists(staff: Browser, shop: Client) -> None:
    lead = Lead.objects.latest("id")
    personal = [lead.last_name, lead.full_name, lead.borrower_phone, lead.address, lead.zip]
    one = staff.get(page(Lead, "change", lead.pk)).content.decode()
    assert [fact for fact in personal if escape(fact) not in one] == []
    assert "200" in one
    assert "6 to 8 months" in one
    for model in EVERY:
        listed = staff.get(page(model, "changelist"), {"q": str(lead.pk)}).content.decode()
        assert [fact for fact in personal if escape(fact) in listed] == []


def test_no_row_names_a_person_where_the_log_would_keep_it(shop: Client) -> None:
    lead = Lead.objects.latest("id")
    sale = Sale.objects.latest("id")
    names = [str(row) for row in (lead, sale, sale.order, sale.inventory, Export.objects.get())]
    assert names == [
        f"Lead {lead.pk}",
        f"Sale {sale.pk}",
        f"Order #{sale.order.number}",
        f"Inventory {sale.inventory_id}",
        f"Export {Export.objects.get().pk}",
    ]


def test_an_order_shows_its_lines_and_leads_to_its_sales(staff: Browser, shop: Client) -> None:
    order = Order.objects.filter(client=shop).latest("id")
    line = OrderLine.objects.get(order=order)
    shown = staff.get(page(Order, "change", order.pk)).content.decode()
    assert f"{line.unit_price}" in shown
    assert f'href="{page(Sale, "changelist")}?q={order.pk}"' in shown
    assert "The 3 sales of this order" in shown


def test_an_export_shows_its_sales_and_the_columns_that_were_made_harmless(staff: Browser, shop: Client) -> None:
    export = Export.objects.get()
    shown = staff.get(page(Export, "change", export.pk)).content.decode()
    assert [sale for sale in export.sale_ids if str(sale) not in shown] == []
    assert "lender: 1" in shown
    assert "ab" * 32 in shown


def test_a_long_list_ends_and_says_so(staff: Browser, shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_only_admin, "REACH", 4)
    monkeypatch.setattr(LeadAdmin, "list_per_page", 3)
    newest = list(Lead.objects.order_by("-id").values_list("pk", flat=True)[:4])
    pages = [staff.get(page(Lead, "changelist"), {"p": number}) for number in (1, 2)]
    assert [row.pk for response in pages for row in response.context["cl"].result_list] == newest
    assert ["This list shows the newest 4" in response.content.decode() for response in pages] == [True, True]


@pytest.mark.parametrize("model", FINAL)
def test_lists_ask_the_database_for_nothing_that_grows_with_the_table(
    staff: Browser,
    shop: Client,
    model: type[Model],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(ViewOnlyAdmin, "list_per_page", 1)
    Export.objects.create(client=shop, sale_ids=[shop.sales.latest("id").id], rows=1)
    with django_assert_max_num_queries(8) as queries:
        staff.get(page(model, "changelist"))
    of_the_table = [q["sql"] for q in queries.captured_queries if f'FROM "{model._meta.db_table}"' in q["sql"]]
    assert of_the_table
    assert [sql for sql in of_the_table if " LIMIT " not in sql] == []
