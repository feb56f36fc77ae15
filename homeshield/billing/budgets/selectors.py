"""What users and keys may spend in a month, and have spent."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from django.db import connection

from homeshield.billing.budgets.models import Budget, BudgetMonth

BUDGET_LEFT: LiteralString = """
    SELECT greatest(budget.amount - coalesce(spending.spent, 0), 0.00)
    FROM budgets budget
    LEFT JOIN budget_months spending ON spending.budget_id = budget.id
          AND spending.month = date_trunc('month', now() AT TIME ZONE 'UTC')
    WHERE budget.client_id = %(client)s
      AND CASE WHEN %(api_key)s::uuid IS NULL THEN budget.user_id = %(user)s::uuid
               ELSE budget.api_key_id = %(api_key)s::uuid END
"""
"""What a user or a key has left of its budget in the transaction's month, for the terms of an order."""


@dataclass(frozen=True, slots=True)
class Spending:
    """In USD. `amount` is None where the budget was taken away again."""

    amount: Decimal | None
    spent: Decimal


def budget_left(*, client_id: UUID, user_id: UUID) -> Decimal | None:
    """Returns what a user has left of its budget in this month, in USD; None without a budget."""
    with connection.cursor() as cursor:
        cursor.execute(BUDGET_LEFT, {"client": client_id, "user": user_id, "api_key": None})
        found = cursor.fetchone()
    return found[0] if found else None


def budgets_of(client_id: UUID, *, as_of: datetime) -> dict[UUID, Spending]:
    """By user or key: the budget, and what was spent of it in the month of `as_of` (UTC)."""
    budgets = list(Budget.objects.filter(client_id=client_id))
    months = BudgetMonth.objects.filter(budget__in=budgets, month=as_of.astimezone(UTC).date().replace(day=1))
    spent = {month.budget_id: month.spent for month in months}
    found: dict[UUID, Spending] = {}
    for budget in budgets:
        if whose := budget.user_id or budget.api_key_id:
            found[whose] = Spending(budget.amount, spent.get(budget.id, Decimal("0.00")))
    return found
