"""Money: US dollars as Decimal with exactly two places, never a float."""

from decimal import Decimal
from typing import Any

from django.db import models

CURRENCY = "USD"


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An amount of US dollars with two places, up to 9,999,999,999.99."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=12, decimal_places=2)
        super().__init__(*args, **kwargs)


def dollars(amount: Decimal) -> str:
    """`$1,234.50`: an amount for people."""
    return f"${amount:,.2f}"
