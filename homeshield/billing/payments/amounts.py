"""Amounts that people type: US dollars with at most two decimals, within limits (contract, "Money")."""

import re
from decimal import Decimal
from typing import Any, override

from django import forms

from homeshield.billing.payments.errors import PaymentRefused
from homeshield.lib.money import CENT, dollars
from homeshield.lib.number_fields import DollarsField

PAY_IN_LEAST, PAY_IN_MOST = Decimal(5), Decimal(50_000)
"""Of one payment by card or bank debit. Below the least, fees eat it up."""

TRANSFER_LEAST, TRANSFER_MOST = CENT, Decimal(9_999_999)

REFUND_MOST = Decimal(1_000_000_000)
"""Of what an owner may type. What can be refunded is less, and said by the service."""

_CURRENCY = re.compile(r"[€£¥₹]|(?<![a-z])(?!usd)[a-z]{3}(?![a-z])", re.IGNORECASE)


def amount_check(amount: Decimal, *, least: Decimal, most: Decimal, field: str = "amount") -> Decimal:
    """Returns the amount with two decimals. Raises PaymentRefused."""
    if not amount.is_finite() or amount > most:
        reason = f"The most is {dollars(most)} at a time."
    elif amount < least:
        reason = f"The least is {dollars(least)}."
    elif amount != amount.quantize(CENT):
        reason = "Write dollars and cents: at most two digits after the point."
    else:
        return amount.quantize(CENT)
    raise PaymentRefused(field=field, reason=reason)


class AmountField(DollarsField):
    """A form's amount within limits. It says what is wrong with other currencies, signs and further decimals."""

    def __init__(self, *, least: Decimal, most: Decimal, **options: Any) -> None:
        self.least, self.most = least, most
        messages = {"sign": "Write the amount without a sign.", "required": "Enter an amount."}
        super().__init__(error_messages=messages | options.pop("error_messages", {}), **options)

    @override
    def bare(self, text: str) -> str:
        return re.sub(r"(?i)^(us)?\$|^usd\b|\busd$", "", text.strip()).strip()

    @override
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # as the class above does
        if isinstance(value, str) and re.search(r"\d", value) and _CURRENCY.search(value):
            raise forms.ValidationError("We take US dollars alone. Write the amount in dollars.", code="currency")
        return super().to_python(value)

    @override
    def clean(self, value: Any) -> Decimal | None:
        amount: Decimal | None = super().clean(value)
        if amount is None:
            return None
        try:
            return amount_check(amount, least=self.least, most=self.most)
        except PaymentRefused as refusal:
            raise forms.ValidationError(refusal.message, code="amount") from refusal
