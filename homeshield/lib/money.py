"""US dollars: Decimal with exactly two places, never a float."""

from decimal import Decimal
from typing import Any, override

from django import forms
from django.db import models

from homeshield.lib.number_fields import DollarsField

CURRENCY = "USD"

CENT = Decimal("0.01")


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """Up to 9,999,999,999.99."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=12, decimal_places=2)
        super().__init__(*args, **kwargs)

    @override
    def formfield(self, **kwargs: Any) -> forms.Field | None:
        """The admin's search uses it too."""
        return super().formfield(**{"form_class": DollarsField} | kwargs)


def dollars(amount: Decimal) -> str:
    """`$1,234.50`, `−$12.00`"""
    return f"{'\N{MINUS SIGN}' * (amount < 0)}${abs(amount):,.2f}"


def signed_dollars(amount: Decimal) -> str:
    """`+$1,234.50`, `−$12.00`"""
    return f"{'+' * (amount > 0)}{dollars(amount)}"
