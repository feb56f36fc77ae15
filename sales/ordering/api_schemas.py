from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from homeshield.lib.api_schemas import REQUEST_ID, Answer, Body, Money, Refusal, RequestId, example
from inventory.api_schemas import INVENTORY_EXAMPLE, Line
from inventory.errors import Suggestion
from pricing.api import InventoryIds
from pricing.api_schemas import CODE_EXAMPLE, DiscountCode
from sales.api_schemas import (
    BOUGHT_EXAMPLE,
    CLIENT_EXAMPLE,
    LINE_EXAMPLE,
    ORDER_EXAMPLE,
    ORDER_NUMBER_EXAMPLE,
    QUOTE_EXAMPLE,
    SALES_EXAMPLE,
    BoughtLine,
    ClientId,
    Criteria,
    OrderId,
    OrderNumber,
    SaleIds,
)
from sales.models import Order


class CriteriaPurchase(Body):
    """What to buy, line by line."""

    model_config = example({"client_id": CLIENT_EXAMPLE, "criteria": [LINE_EXAMPLE]})

    client_id: ClientId
    criteria: Criteria[Line]
    discount_code: DiscountCode | None = Field(None, description="A discount code.", examples=[CODE_EXAMPLE])


class NamedPurchase(Body):
    """Which records to buy."""

    model_config = example(
        {"client_id": CLIENT_EXAMPLE, "inventory_item_ids": [INVENTORY_EXAMPLE], "quote_id": QUOTE_EXAMPLE},
        {"client_id": CLIENT_EXAMPLE, "inventory_item_ids": [INVENTORY_EXAMPLE]},
    )

    client_id: ClientId
    inventory_item_ids: InventoryIds
    quote_id: UUID | None = Field(
        None, description="A quote that names these records; its prices are paid.", examples=[QUOTE_EXAMPLE]
    )
    discount_code: DiscountCode | None = Field(
        None,
        description="A discount code. Beside a quote it must be the one that the quote was made with.",
        examples=[CODE_EXAMPLE],
    )


class PurchaseAnswer(Answer):
    """What was bought: all that was asked for."""

    model_config = example(
        {
            "success": True,
            "order_id": ORDER_EXAMPLE,
            "order_number": ORDER_NUMBER_EXAMPLE,
            "replayed": False,
            "sale_ids": SALES_EXAMPLE,
            "total_paid": "400.00",
            "items_requested": 50,
            "items_purchased": 50,
            "items_replaced": 0,
            "lines": [BOUGHT_EXAMPLE],
            "errors": [],
            "message": "Purchase completed successfully.",
        }
    )

    success: Literal[True] = Field(
        default=True, description="Always true: a refusal has another status.", examples=[True]
    )
    order_id: OrderId
    order_number: OrderNumber
    replayed: bool = Field(
        description="Whether this answers a repeat: the order was placed by an earlier request with the same "
        "Idempotency-Key. The header Idempotent-Replayed says it too.",
        examples=[False],
    )
    sale_ids: SaleIds
    total_paid: Money = Field(description="What the order cost, in US dollars.", examples=["400.00"])
    items_requested: int = Field(description="Leads asked for, all lines together.", examples=[50])
    items_purchased: int = Field(description="Leads bought: as many.", examples=[50])
    items_replaced: int = Field(description="Leads in the place of ones asked for by id that were gone.", examples=[0])
    lines: list[BoughtLine] = Field(
        description="What the order became: its lines, those over a territory place by place.",
        examples=[[BOUGHT_EXAMPLE]],
    )
    errors: list[str] = Field(description="Always empty: an order is filled in full or not at all.", examples=[[]])
    message: str = Field(
        default="Purchase completed successfully.",
        description="For people.",
        examples=["Purchase completed successfully."],
    )

    @classmethod
    def of(cls, order: Order, sale_ids: list[UUID]) -> "PurchaseAnswer":
        lines = [BoughtLine.of(line) for line in order.lines.all()]
        return cls(
            order_id=order.id,
            order_number=order.number,
            replayed=order.replayed,
            sale_ids=sale_ids,
            total_paid=order.total,
            items_requested=order.quantity,
            items_purchased=len(sale_ids),
            items_replaced=sum(line.replaced for line in lines),
            lines=lines,
            errors=[],
        )


type SuggestionType = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "x-extensible-enum": Suggestion.values,
            "description": f"The kind of alternative, for programs: {', '.join(Suggestion.values)}. More kinds may be "
            "added; pass over those that you do not know.",
            "examples": ["partial"],
        }
    ),
]


class AlternativeOffer(Answer):
    """Something else to buy in the place of the short line, beside the other lines."""

    description: str = Field(description="For people.", examples=["Purchase 22 available leads ($176.00)"])
    available_count: int = Field(description="How many there are.", examples=[22])
    suggestion_type: SuggestionType


_OFFERS = [
    {
        "description": "Purchase 22 available leads ($176.00)",
        "available_count": 22,
        "suggestion_type": "partial",
    },
    {
        "description": "Remove location filter (324 available without LA filter)",
        "available_count": 324,
        "suggestion_type": "no_location_filter",
    },
    {
        "description": "Try MONTH_9_TO_11 age bucket (156 available in LA)",
        "available_count": 156,
        "suggestion_type": "different_age_bucket",
    },
]

_SHORTAGE: dict[str, Any] = {
    "error": "insufficient_inventory",
    "requested": 50,
    "available": 22,
    "criteria": "Gold MONTH_6_TO_8 state=LA qty=50",
    "item_index": None,
    "is_multi_item": False,
    "alternatives": _OFFERS,
}


class ShortageAnswer(Answer):
    """Nothing was sold: a line cannot be filled."""

    error: Literal["insufficient_inventory"] = Field(
        description="The kind of refusal, for programs.", examples=["insufficient_inventory"]
    )
    requested: int = Field(description="Leads that the short line asks for.", examples=[50])
    available: int = Field(description="Leads that it could have beside the other lines.", examples=[22])
    criteria: str = Field(description="The short line.", examples=["Gold MONTH_6_TO_8 state=LA qty=50"])
    item_index: int | None = Field(
        description="The place of the short line, from 0; null where there is one line.", examples=[0]
    )
    is_multi_item: bool = Field(description="Whether the order has several lines.", examples=[False])
    alternatives: list[AlternativeOffer] = Field(
        description="What else would fill the line, each as it stands, in this order: less of it, without the place, "
        "another age bucket, the whole state, a neighboring county, the other class.",
        examples=[_OFFERS],
    )


class PurchaseConflict(Answer):
    """Nothing was sold: a shortage with its numbers, or another refusal, such as a quote that has expired."""

    model_config = example({"detail": _SHORTAGE, "request_id": REQUEST_ID})

    detail: ShortageAnswer | Refusal = Field(description="Why nothing was sold.", examples=[_SHORTAGE])
    request_id: RequestId
