"""What a user or a key may spend in a month is kept by the database (contract, "Money")."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import ApiKey, Client, User
from homeshield.billing.budgets.models import Budget, BudgetMonth
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.services import ledger_record
from tests.factories import UserFactory
from tests.homeshield.billing.ledger.money import balance, pay_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("money_alone")]

JUNE = datetime(2026, 6, 10, 12, tzinfo=UTC)


@pytest.fixture
def buyer() -> User:
    """Of a client with 1,000 dollars."""
    user = UserFactory()
    pay_in(of(user), "1000.00", as_of=JUNE)
    return user


def of(user: User) -> Client:
    assert user.client is not None
    return user.client


def spend(buyer: User, amount: str, *, as_of: datetime = JUNE, key: ApiKey | None = None) -> None:
    ledger_record(
        kind=Kind.ORDER, client_id=of(buyer).id, source_id=uuid4(), amount=Decimal(amount), as_of=as_of,
        entered_by_id=buyer.id, api_key_id=key.id if key else None,
    )  # fmt: skip


def spent(budget: Budget) -> dict[str, float]:
    return {f"{month:%Y-%m}": float(amount) for month, amount in budget.months.values_list("month", "spent")}


def test_a_user_spends_its_budget_each_month_and_no_more(buyer: User) -> None:
    other = UserFactory(client=buyer.client)
    budget = Budget.objects.create(client=of(buyer), user=buyer, amount=Decimal(100), set_at_utc=JUNE)
    spend(buyer, "60.00")
    with pytest.raises(IntegrityError, match="does not cover order"):
        spend(buyer, "40.01")
    assert (balance(of(buyer)), spent(budget)) == (940, {"2026-06": 60})
    spend(buyer, "40.00")
    spend(other, "500.00")
    july = datetime(2026, 7, 1, tzinfo=UTC)
    with pytest.raises(IntegrityError, match="does not cover order"):
        spend(buyer, "0.01", as_of=july - timedelta(microseconds=1))
    spend(buyer, "100.00", as_of=july)
    assert spent(budget) == {"2026-06": 100, "2026-07": 100}


def test_a_key_has_a_budget_of_its_own(buyer: User) -> None:
    key = key_create(client_id=of(buyer).id, name="nightly", created_by=buyer, as_of=JUNE).key
    Budget.objects.create(client=of(buyer), api_key=key, amount=Decimal(10), set_at_utc=JUNE)
    makers = Budget.objects.create(client=of(buyer), user=buyer, amount=Decimal(500), set_at_utc=JUNE)
    spend(buyer, "500.00")
    spend(buyer, "10.00", key=key)
    with pytest.raises(IntegrityError, match="does not cover order"):
        spend(buyer, "0.01", key=key)
    assert spent(makers) == {"2026-06": 500}


def test_a_new_budget_counts_what_was_spent_in_its_month(buyer: User) -> None:
    spend(buyer, "5.00", as_of=JUNE - timedelta(days=30))
    spend(buyer, "70.00")
    budget = Budget.objects.create(client=of(buyer), user=buyer, amount=Decimal(100), set_at_utc=JUNE)
    assert spent(budget) == {"2026-06": 70}
    with pytest.raises(IntegrityError, match="does not cover order"):
        spend(buyer, "30.01")
    Budget.objects.update(amount=None)
    spend(buyer, "300.00")
    assert spent(budget) == {"2026-06": 370}


def test_a_return_gives_no_budget_back(buyer: User) -> None:
    budget = Budget.objects.create(client=of(buyer), user=buyer, amount=Decimal(100), set_at_utc=JUNE)
    spend(buyer, "100.00")
    ledger_record(
        kind=Kind.RETURN, client_id=of(buyer).id, source_id=uuid4(), amount=Decimal(50), as_of=JUNE,
        entered_by_id=buyer.id,
    )  # fmt: skip
    assert spent(budget) == {"2026-06": 100}


def test_a_budget_is_for_a_user_or_a_key_of_its_client(buyer: User) -> None:
    stranger = UserFactory()
    key = key_create(client_id=of(stranger).id, name="nightly", created_by=stranger, as_of=JUNE).key
    for user, api_key in ((stranger, None), (None, key), (buyer, key), (None, None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Budget.objects.create(client=of(buyer), user=user, api_key=api_key, amount=1, set_at_utc=JUNE)
    assert not Budget.objects.exists()
    assert not BudgetMonth.objects.exists()
