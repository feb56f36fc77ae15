from typing import LiteralString

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
