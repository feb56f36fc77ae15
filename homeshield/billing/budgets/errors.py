from decimal import Decimal

from homeshield.lib.errors import DomainError


class BudgetExceeded(DomainError):
    """Of the user or the key, for this month (UTC). Amounts in USD."""

    code, status, title = "budget_exceeded", 402, "Over this month’s budget"
    sentence = (
        "The order costs ${total:,.2f} and ${available:,.2f} of this month’s budget is left. Nothing was bought. "
        "Ask an owner to raise the budget."
    )
    in_detail = ("total", "available", "missing")
    total: Decimal
    available: Decimal
    missing: Decimal
