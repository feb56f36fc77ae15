"""An order is paid in the transaction that places it, or nothing is sold (contract, "Money")."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client, User
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.models import AuditEvent
from homeshield.billing.budgets.errors import BudgetExceeded
from homeshield.billing.budgets.services import budget_set
from homeshield.billing.ledger.errors import InsufficientFunds
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.selectors import ledger_page
from homeshield.billing.ledger.services import credit_limit_set, ledger_adjust, ledger_record
from homeshield.management.commands.verify_ledger import PROOFS
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.services import draft_line_add, draft_quantities_change
from sales.models import Draft, Order, Sale
from sales.ordering.baskets import CriteriaBasket
from sales.ordering.services import order_place
from tests.api.conftest import caller_of
from tests.factories import ClientFactory, UserFactory, stock
from tests.homeshield.billing.ledger.money import balance
from tests.homeshield.billing.ledger.proving import faults
from tests.sales.purchases import at, buy, demand, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def owner(now: datetime) -> User:
    """Of a prepaid client with 20 dollars; a lead costs 8, and there are ten."""
    set_prices(now - timedelta(days=400))
    stock(10, as_of=now)
    user = UserFactory(client=ClientFactory(credit_limit=0))
    ledger_adjust(client_id=user.client_id, amount=Decimal(20), reason="To begin with.", by=None, as_of=now)
    return user


def client_of(user: User) -> Client:
    assert user.client is not None
    return user.client


def test_an_order_takes_its_total_from_the_balance(owner: User, now: datetime) -> None:
    order = buy(client_of(owner), 2, GOLD, as_of=now)
    connection.check_constraints()
    assert (order.total, balance(client_of(owner))) == (16, 4)
    [entry, _] = ledger_page(client_id=order.client_id, cursor=None).rows
    assert (entry.kind, entry.order_id, entry.amount, entry.reference) == (
        Kind.ORDER, order.id, Decimal(-16), f"#{order.number}",
    )  # fmt: skip
    assert order.number >= 10_001
    assert faults(PROOFS) == []


def test_what_is_not_covered_sells_nothing_and_says_what_is_missing(owner: User, now: datetime) -> None:
    with pytest.raises(InsufficientFunds) as refused:
        buy(client_of(owner), 3, GOLD, as_of=now)
    assert refused.value.detail["total"] == "24.00"
    assert (refused.value.detail["available"], refused.value.detail["missing"]) == ("20.00", "4.00")
    assert (balance(client_of(owner)), Order.objects.count(), Sale.objects.count()) == (20, 0, 0)
    event = AuditEvent.objects.get(action="purchase")
    assert (event.outcome, event.details) == ("refused", {"reason": "insufficient_funds"})


def test_a_repeat_is_the_first_order_though_the_money_is_gone(owner: User, now: datetime) -> None:
    first = buy(client_of(owner), 2, GOLD, as_of=now, key="once")
    again = buy(client_of(owner), 2, GOLD, as_of=now, key="once")
    assert (again.id, again.number, again.replayed, balance(client_of(owner))) == (first.id, first.number, True, 4)


def test_a_budget_stops_its_user_and_nobody_else(owner: User, now: datetime) -> None:
    buyer = UserFactory(client=owner.client, role=ClientRole.BUYER)
    budget_set(client_id=client_of(owner).id, user_id=buyer.id, amount=Decimal(10), as_of=now)
    with pytest.raises(BudgetExceeded) as refused:
        order(buyer, 2, now)
    assert refused.value.detail | {"message": ""} == {
        "error": "budget_exceeded", "message": "", "total": "16.00", "available": "10.00", "missing": "6.00",
    }  # fmt: skip
    order(buyer, 1, now)
    with pytest.raises(BudgetExceeded):
        order(buyer, 1, now)
    order(owner, 1, now)
    assert balance(client_of(owner)) == 4
    assert faults(PROOFS) == []


def order(user: User, quantity: int, as_of: datetime) -> Order:
    return at(
        as_of, order_place, client_id=user.client_id, user_id=user.id,
        basket=CriteriaBasket([demand(quantity, GOLD)]), key=f"{user.id} {quantity} {Order.objects.count()}",
    )  # fmt: skip


def test_the_cart_says_what_is_missing_and_stays_as_it_was(owner: User, client: Browser, now: datetime) -> None:
    draft_line_add(user=owner, criteria=GOLD, quantity=3)
    draft = Draft.objects.get()
    client.force_login(owner)
    form = {"draft_id": draft.id, "version": draft.version, "expected_total": "24.00"}
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(reverse("sales:draft-buy"), form, headers=headers)
        said = " ".join(answer.content.decode().split())
        assert answer.status_code == 402
        assert "The order costs $24.00, and $20.00 is available." in said
        assert "$4.00" in said
    assert Draft.objects.get().lines.get().quantity == 3
    assert not Order.objects.exists()


def test_the_cart_says_what_is_over_the_budget_and_sells_nothing(owner: User, client: Browser, now: datetime) -> None:
    draft_line_add(user=owner, criteria=GOLD, quantity=2)
    budget_set(client_id=client_of(owner).id, user_id=owner.id, amount=Decimal(10), as_of=now)
    draft = Draft.objects.get()
    client.force_login(owner)
    form = {"draft_id": draft.id, "version": draft.version, "expected_total": "16.00"}
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(reverse("sales:draft-buy"), form, headers=headers)
        assert answer.status_code == 402
        assert "The order costs $16.00 and $10.00 of this month’s budget is left." in answer.content.decode()
    assert (Draft.objects.get().lines.get().quantity, balance(client_of(owner))) == (2, 20)
    assert not Order.objects.exists()


def cart(browser: Browser, user: User) -> str:
    browser.force_login(user)
    page = browser.get(reverse("sales:draft-show")).content.decode()
    part = page[page.index('<div class="cart-payment">') : page.index('id="buy"')]
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


def test_the_cart_shows_how_it_is_paid_before_it_is_bought(owner: User, client: Browser, now: datetime) -> None:
    draft_line_add(user=owner, criteria=GOLD, quantity=2)
    assert "Your balance $20.00 Balance after this order $4.00" in cart(client, owner)

    [line] = Draft.objects.get().lines.all()
    draft_quantities_change(user=owner, quantities={line.id: 3})
    assert "Your balance $20.00 Missing $4.00 Pay in $4.00 Your cart stays" in cart(client, owner)
    link = re.search(r'id="pay-in-missing"\s+href="([^"]+)"', client.get(reverse("sales:draft-show")).content.decode())
    assert link is not None
    assert link[1].replace("&amp;", "&") == "/billing/pay-in?amount=4.00&next=/order/"

    credit_limit_set(client_id=client_of(owner).id, credit_limit=Decimal(5), reason="Trusted.", by=owner, as_of=now)
    assert "Your balance $20.00 Credit limit $5.00 Balance after this order −$4.00" in cart(client, owner)

    budget_set(client_id=client_of(owner).id, user_id=owner.id, amount=Decimal(23), as_of=now)
    said = cart(client, owner)
    assert "Left of your budget this month $23.00 The order is $1.00 over your budget. Change the budget" in said

    credit_limit_set(client_id=client_of(owner).id, credit_limit=None, reason="Trusted.", by=owner, as_of=now)
    assert "Paid On account Balance after this order −$4.00" in cart(client, owner)


def test_a_buyer_asks_an_owner_for_what_is_missing(owner: User, client: Browser) -> None:
    buyer = UserFactory(client=owner.client, role=ClientRole.BUYER)
    draft_line_add(user=buyer, criteria=GOLD, quantity=3)
    said = cart(client, buyer)
    assert "Missing $4.00 Ask an owner of your company to pay in $4.00." in said
    assert "pay-in?" not in client.get(reverse("sales:draft-show")).content.decode()


def test_a_program_is_told_what_is_missing(owner: User, now: datetime) -> None:
    caller = caller_of(client_of(owner), owner, as_of=now)
    body = {
        "client_id": str(owner.client_id),
        "criteria": [{"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 3}],
    }
    answer = caller.send("POST", "purchases/by-criteria", body)
    assert answer.status_code == 402
    detail = answer.json()["detail"]
    assert {name: detail[name] for name in ("error", "total", "available", "missing")} == {
        "error": "insufficient_funds", "total": "24.00", "available": "20.00", "missing": "4.00",
    }  # fmt: skip
    told = caller.send("GET", "balance", {}).json()
    assert told == {"balance": "20.00", "credit_limit": "0.00", "available": "20.00", "currency": "USD"}


def test_the_database_refuses_an_order_without_its_payment_and_a_payment_without_its_order(
    owner: User, now: datetime
) -> None:
    placed = buy(client_of(owner), 1, GOLD, as_of=now)
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="is of no order of its client"), transaction.atomic():
        pay_for(client_of(owner).id, placed.client_id, now)
    with pytest.raises(DatabaseError, match="is not paid"), transaction.atomic():
        unpaid(client_of(owner).id, now)
    assert (balance(client_of(owner)), LedgerTransaction.objects.filter(kind="order").count()) == (12, 1)


def pay_for(client_id: UUID, source_id: UUID, as_of: datetime) -> None:
    ledger_record(kind=Kind.ORDER, client_id=client_id, source_id=source_id, amount=Decimal(8), as_of=as_of)
    connection.check_constraints()


def unpaid(client_id: UUID, as_of: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname ~ '^pgtrigger_order_(adds_up|has_its_invoice)'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE orders DISABLE TRIGGER {name}")
    Order.objects.create(
        client_id=client_id, placed_at_utc=as_of, quantity=1, total=Decimal(8), idempotency_key="x", request_digest=""
    )
    connection.check_constraints()
