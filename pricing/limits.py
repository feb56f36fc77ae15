"""What an amount must be to be a price."""

from decimal import Decimal

from homeshield.lib.money import dollars
from pricing.errors import PriceRefused

MAX_AMOUNT = Decimal("10000.00")
"""The highest price in USD that is taken for meant; what is above it is taken for a slip of the keyboard."""


def price_check(amount: Decimal) -> None:
    """Raises PriceRefused for an amount that is no price: negative, finer than a cent, above MAX_AMOUNT."""
    if not amount.is_finite():
        raise PriceRefused(field="amount", reason="A price is a number of US dollars, for example 8.50.")
    if amount < 0:
        raise PriceRefused(field="amount", reason="A price is not negative.")
    if amount > MAX_AMOUNT:
        raise PriceRefused(field="amount", reason=f"A price is {dollars(MAX_AMOUNT)} at most.")
    if amount != amount.quantize(Decimal("0.01")):
        raise PriceRefused(field="amount", reason="A price has at most two decimals.")
