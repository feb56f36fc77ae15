"""Parallel orders of one client never spend more than it has, and nobody waits for another client."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection

from homeshield.accounts.models import Client
from homeshield.billing.ledger.errors import InsufficientFunds, NotReversible
from homeshield.billing.ledger.models import LedgerLeg, LedgerTransaction
from homeshield.billing.ledger.proofs import ledger_prove
from homeshield.billing.ledger.services import ledger_adjust, ledger_reverse
from homeshield.management.commands.verify_ledger import PROOFS
from sales.models import Order, Sale
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import rival, run_beside, run_together
from tests.factories import ClientFactory, stock
from tests.homeshield.billing.ledger.money import balance
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 16


@pytest.fixture
def prepaid(as_of: datetime) -> Client:
    """With money for five orders of five leads, and stock for sixteen of them."""
    set_prices(as_of - timedelta(days=1000))
    stock(5 * AT_ONCE, as_of=as_of)
    return given(ClientFactory(credit_limit=0), "200.00", as_of)


def given(client: Client, amount: str, as_of: datetime) -> Client:
    ledger_adjust(client_id=client.id, amount=Decimal(amount), reason="To begin with.", by=None, as_of=as_of)
    return client


def spent(client: Client) -> float:
    return float(-sum(leg.amount for leg in LedgerLeg.objects.filter(client=client, kind="order")))


def test_parallel_orders_of_one_client_spend_what_it_has_and_no_more(prepaid: Client, as_of: datetime) -> None:
    results = run_together([order(prepaid, (5, gold_6()), as_of=as_of) for _ in range(AT_ONCE)])
    assert sorted(type(result).__name__ for result in results) == ["InsufficientFunds"] * 11 + ["Order"] * 5
    for refusal in results:
        if isinstance(refusal, InsufficientFunds):
            assert refusal.detail == {
                "error": "insufficient_funds", "message": refusal.message,
                "total": "40.00", "available": "0.00", "missing": "40.00",
            }  # fmt: skip
    assert (balance(prepaid), spent(prepaid), Sale.objects.count()) == (0, 200, 25)
    assert_books_balance()
    assert [proved.what for proved in ledger_prove(PROOFS) if not proved.holds] == []


@pytest.fixture
def without_lock() -> Iterator[None]:
    """The balance is looked at without the account's lock: right for one order after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^pgtrigger_ledger_leg_moves'"
        )
        [(name, locking)] = cursor.fetchall()
        cursor.execute(
            f"""
            CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.account = 'client' THEN
                    SELECT coalesce(sum(amount), 0) + NEW.amount, floor(random() * 1e15)
                    INTO NEW.balance_after, NEW.entry FROM ledger_legs WHERE client_id = NEW.client_id;
                    IF NEW.balance_after < 0 THEN
                        RAISE EXCEPTION 'not covered'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_covers_the_order';
                    END IF;
                END IF;
                RETURN NEW;
            END $$
            """
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute(locking)


def test_control_without_the_lock_the_same_orders_spend_more_than_there_is(without_lock: None, as_of: datetime) -> None:
    """If this fails, the test above proves nothing."""
    set_prices(as_of - timedelta(days=1000))
    stock(5 * AT_ONCE * 3, as_of=as_of)
    for _ in range(3):
        client = given(ClientFactory(), "200.00", as_of)
        run_together([order(client, (5, gold_6()), as_of=as_of) for _ in range(AT_ONCE)])
        if spent(client) > 200:
            return
    pytest.fail("sixteen orders without the lock never spent more than there was")


def test_nobody_waits_for_another_client(prepaid: Client, as_of: datetime) -> None:
    """A session takes money from one client: an order of that client waits for it, another's does not."""
    other = given(ClientFactory(credit_limit=0), "40.00", as_of)
    with rival(lambda: given(prepaid, "-180.00", as_of)) as holder:
        [placed] = run_together([order(other, (5, gold_6()), as_of=as_of)])
        assert isinstance(placed, Order)
        waited = run_beside(order(prepaid, (5, gold_6()), as_of=as_of), then=lambda: holder.end(commit=True))
    assert isinstance(waited, InsufficientFunds)
    assert (float(waited.available), float(waited.missing)) == (20, 20)
    assert (balance(prepaid), spent(prepaid), Order.objects.count()) == (20, 0, 1)


def test_of_two_who_reverse_the_same_at_once_one_is_told_that_it_was(prepaid: Client, as_of: datetime) -> None:
    mistake = LedgerTransaction.objects.get(client=prepaid)

    def reverse() -> UUID:
        return ledger_reverse(transaction_id=mistake.id, reason="A mistake.", by=None, as_of=as_of)

    with rival(reverse) as holder:
        second = run_beside(reverse, then=lambda: holder.end(commit=True))
    assert isinstance(second, NotReversible)
    assert (second.reason, balance(prepaid)) == ("This transaction was reversed before.", 0)
