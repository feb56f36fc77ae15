"""Each order has an invoice with the details of its instant (contract, "Money")."""

from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client, User
from homeshield.accounts.permissions import ClientRole
from homeshield.billing.documents.details import Details, details_change
from homeshield.billing.documents.facts import DocumentKind, InvoiceContents
from homeshield.billing.documents.issuing import document_of, issuing_parameters
from homeshield.billing.documents.models import Document, DocumentMail
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from sales.invoicing.services import INVOICING, invoice_of
from sales.models import Order
from tests.factories import UserFactory, stock
from tests.homeshield.billing.ledger.money import pay_in
from tests.sales.purchases import buy, demand, place, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def owner(now: datetime) -> User:
    """Of a company with billing details, in a shop with ten leads."""
    set_prices(since=now - timedelta(days=1))
    stock(10, as_of=now)
    user: User = UserFactory(client__name="Bayou")
    pay_in(_client(user), "500.00", as_of=now)
    given = Details(legal_name="Bayou LLC", address="7 Magnolia Dr", mail_to=("books@agency.example",))
    details_change(client_id=_client(user).id, details=given, by=user, as_of=now)
    return user


def _client(user: User) -> Client:
    assert user.client
    return user.client


def invoice(order: Order) -> Document:
    found = document_of(kind=DocumentKind.INVOICE, source_id=order.id)
    assert found is not None
    return found


def forget_invoices() -> None:
    """As if the order were older than invoices."""
    connection.check_constraints()  # as its commit did
    with pgtrigger.ignore("billing.Document:document_is_final"):
        DocumentMail.objects.all().delete()
        Document.objects.all().delete()


def test_an_order_has_its_invoice_in_its_own_transaction(owner: User, now: datetime) -> None:
    caddo = Criteria(classification=GOLD.classification, age_bucket=GOLD.age_bucket, place=Place("LA", "Caddo"))
    order = place(_client(owner), demand(3, GOLD), demand(2, caddo), as_of=now)
    connection.check_constraints()  # as the commit does
    document = invoice(order)
    assert (document.number, document.total, document.issued_at_utc) == (order.number, Decimal("40.00"), now)
    assert document.title == f"Invoice #{order.number}"
    assert (document.buyer["name"], document.buyer["address"]) == ("Bayou LLC", "7 Magnolia Dr")
    said = document.facts.contents
    assert isinstance(said, InvoiceContents)
    assert [(line.text, line.quantity, line.unit_price) for line in said.lines] == [
        ("Gold, 6 to 8 months, all states", 3, Decimal("8.00")),
        ("Gold, 6 to 8 months, Caddo, LA", 2, Decimal("8.00")),
    ]
    assert list(document.mails.values_list("address", flat=True)) == ["books@agency.example"]


def test_later_details_and_prices_do_not_reach_it(owner: User, now: datetime) -> None:
    document = invoice(buy(_client(owner), 1, GOLD, as_of=now))
    details_change(client_id=_client(owner).id, details=Details(legal_name="Other"), by=owner, as_of=now)
    document.refresh_from_db()
    assert document.buyer["name"] == "Bayou LLC"
    assert invoice(buy(_client(owner), 1, GOLD, as_of=now)).buyer["name"] == "Other"


def test_a_refused_order_leaves_none(owner: User, now: datetime) -> None:
    with pytest.raises(Shortage):
        buy(_client(owner), 11, GOLD, as_of=now)
    assert not Document.objects.exists()
    assert not DocumentMail.objects.exists()


def test_the_order_leads_to_its_invoice(client: Browser, owner: User, now: datetime) -> None:
    order = buy(_client(owner), 1, GOLD, as_of=now)
    client.force_login(owner)
    where = reverse("sales:order-invoice", args=[order.id])
    assert where in client.get(reverse("sales:order-show", args=[order.id])).content.decode()
    page = client.get(where, follow=True).content.decode()
    assert f"#{order.number}" in page
    assert "Bayou LLC" in page
    client.force_login(UserFactory())
    assert client.get(where).status_code == 404
    client.force_login(UserFactory(client=owner.client, role=ClientRole.BUYER))
    assert client.get(where).status_code == 403


def test_an_older_order_gets_it_when_first_asked_for(owner: User, now: datetime) -> None:
    order = buy(_client(owner), 2, GOLD, as_of=now)
    forget_invoices()
    later = now + timedelta(days=40)
    made = invoice_of(order, as_of=later)
    assert (made.number, made.issued_at_utc) == (order.number, later)
    assert "Issued after the order, with the company details of that later day." in made.sheet.remarks
    assert not DocumentMail.objects.exists()
    details_change(client_id=_client(owner).id, details=Details(legal_name="Other"), by=owner, as_of=later)
    assert invoice_of(order, as_of=later + timedelta(days=1)).facts == made.facts
    assert Document.objects.count() == 1


def test_the_database_takes_no_order_without_its_invoice(owner: User, now: datetime) -> None:
    before = transaction.savepoint_create()
    with patch("sales.ordering.writing.INVOICING", "SELECT 1"):
        buy(_client(owner), 1, GOLD, as_of=now)
    with pytest.raises(IntegrityError, match="has no invoice"):
        connection.check_constraints()
    transaction.savepoint_rollback(before)
    assert not Order.objects.exists()


@pytest.mark.parametrize("wrong", ["client", "total", "number"])
def test_the_database_takes_no_invoice_of_something_else(owner: User, now: datetime, wrong: str) -> None:
    order = buy(_client(owner), 1, GOLD, as_of=now)
    contents = invoice(order).facts.contents
    forget_invoices()
    other: User = UserFactory()
    parameters = issuing_parameters(
        kind=DocumentKind.INVOICE,
        client_id=_client(other if wrong == "client" else owner).id,
        source_id=order.id,
        total=order.total + (wrong == "total"),
        contents=contents,
        as_of=now,
    )
    statement = INVOICING.replace("(SELECT number", "(SELECT 1 + number") if wrong == "number" else INVOICING
    refused = pytest.raises(IntegrityError, match="not that of its order")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    assert not Document.objects.exists()
