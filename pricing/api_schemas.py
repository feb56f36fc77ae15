"""Prices and discount codes in requests and answers of several operations."""

from typing import Annotated, Any

from pydantic import Field

from homeshield.lib.api_schemas import NO_NUL, Money
from pricing.discounts.codes import LONGEST_TYPED

CODE_EXAMPLE = "SPRING10"

type DiscountCode = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TYPED,
        pattern=NO_NUL,
        description="A discount code, in capitals or not. One that is unknown, has ended or is another company's is "
        "refused with 409. Where another discount is better, that one counts.",
        examples=[CODE_EXAMPLE],
    ),
]

type ListPrice = Money | None


def list_price() -> Any:
    """A field of an answer that is there only where a price is lower than the general one."""
    return Field(
        default=None,
        exclude_if=lambda amount: amount is None,
        description="The general price, where your unit_price is lower; absent where they are equal.",
        examples=["10.00"],
    )
