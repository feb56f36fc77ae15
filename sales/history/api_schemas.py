from typing import Any
from uuid import UUID

from pydantic import Field

from homeshield.lib.api_schemas import Answer, CurrencyCode, Instant, Money, NextCursor, example
from homeshield.lib.money import CURRENCY
from sales.api_schemas import (
    BOUGHT_EXAMPLE,
    ORDER_EXAMPLE,
    ORDER_NUMBER_EXAMPLE,
    SALES_EXAMPLE,
    BoughtLine,
    OrderId,
    OrderNumber,
    SaleIds,
)
from sales.models import Order

_SUMMARY = {
    "order_id": ORDER_EXAMPLE,
    "order_number": ORDER_NUMBER_EXAMPLE,
    "placed_at": "2026-06-01T12:00:00Z",
    "quantity": 50,
    "total_paid": "400.00",
    "currency": CURRENCY,
    "api_key": "hs_live_4k2p9x7m1q8z",
}


class OrderSummary(Answer):
    """An order in brief."""

    order_id: OrderId
    order_number: OrderNumber
    placed_at: Instant
    quantity: int = Field(description="Leads of all lines.", examples=[50])
    total_paid: Money = Field(description="What the order cost, in US dollars.", examples=["400.00"])
    currency: CurrencyCode
    api_key: str | None = Field(
        description="The beginning of the API key that it came by; null: it was placed on a page.",
        examples=["hs_live_4k2p9x7m1q8z"],
    )

    @classmethod
    def of(cls, order: Order) -> "OrderSummary":
        return cls(**_summary(order))


class OrdersPage(Answer):
    """Some of your orders."""

    model_config = example({"orders": [_SUMMARY], "next_cursor": None})

    orders: list[OrderSummary] = Field(description="The newest first.", examples=[[_SUMMARY]])
    next_cursor: NextCursor


class OrderAnswer(OrderSummary):
    """An order with its lines and sales."""

    model_config = example({**_SUMMARY, "lines": [BOUGHT_EXAMPLE], "sale_ids": SALES_EXAMPLE})

    lines: list[BoughtLine] = Field(description="As they were ordered.", examples=[[BOUGHT_EXAMPLE]])
    sale_ids: SaleIds

    @classmethod
    def in_full(cls, order: Order, sale_ids: list[UUID]) -> "OrderAnswer":
        lines = [BoughtLine.of(line) for line in order.lines.all()]
        return cls(**_summary(order), lines=lines, sale_ids=sale_ids)


def _summary(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "order_number": order.number,
        "placed_at": order.placed_at_utc,
        "quantity": order.quantity,
        "total_paid": order.total,
        "currency": order.currency,
        "api_key": order.api_key.prefix if order.api_key else None,
    }
