"""What programs send to buy, and what they are told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Path
from pydantic import Field, WithJsonSchema

from homeshield.lib.api_schemas import (
    REQUEST_ID,
    Answer,
    Body,
    CurrencyCode,
    Instant,
    Money,
    NextCursor,
    Refusal,
    RequestId,
    example,
)
from homeshield.lib.money import CURRENCY
from inventory.api_schemas import (
    BucketName,
    ClassName,
    CountyOf,
    InventoryId,
    LeadId,
    Line,
    LineCriteria,
    Quantity,
    StateOf,
)
from inventory.errors import Suggestion
from pricing.api import InventoryIds
from sales.drafts import MAX_LINES
from sales.models import Order, OrderLine

_CLIENT = "0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d00"
_QUOTE = "0190d3c5-0b20-7e4f-b166-6a2e3c4d5e70"
_ORDER = "0190d3c6-1c30-7f50-a277-7b3f4d5e6f81"
_SALES = ["0190d3c6-1c31-7a61-9388-8c405e6f7a92", "0190d3c6-1c31-7a61-9388-8c405e6f7a93"]
_LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 50, "state": "LA", "county": "Caddo"}

type ClientId = Annotated[UUID, Field(description="Your client: the key's.", examples=[_CLIENT])]
type OrderId = Annotated[UUID, Field(description="The order.", examples=[_ORDER])]
OrderInPath = Annotated[UUID, Path(description="An order of yours.", example=_ORDER)]
type SaleIds = Annotated[
    list[UUID], Field(description="One for each lead, line by line: what a download names.", examples=[_SALES])
]
type Criteria[Item] = Annotated[
    list[Item],
    Field(
        min_length=1,
        max_length=MAX_LINES,
        description="The lines. They may overlap: no lead is counted or sold twice.",
        examples=[[_LINE]],
    ),
]
type UnitPrice = Annotated[
    Money | None,
    Field(
        description="What one lead costs, in US dollars; null: no price is in force, so it is not sold at the moment.",
        examples=["8.00"],
    ),
]

# A line that is answered. What was not asked for is null.
type AskedState = Annotated[str | None, Field(description="USPS code; null: all states.", examples=["LA"])]
type AskedCounty = Annotated[str | None, Field(description="A county; null: all of the state.", examples=["Caddo"])]


# --- Looking ---


class InventoryItem(Answer):
    """One lead for sale, with no more of the person than may be known before purchase."""

    inventory_id: InventoryId
    lead_id: LeadId
    age_bucket: BucketName
    state: StateOf
    county: CountyOf
    classification: ClassName
    unit_price: UnitPrice
    first_name: str | None = Field(description="The homeowner's; null where it is not known.", examples=["John"])
    city: str | None = Field(description="The homeowner's; null where it is not known.", examples=["Shreveport"])


_ITEM = {
    "inventory_id": "0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e",
    "lead_id": "0190d3c4-6b00-7d21-9c44-2a1b3c4d5e6f",
    "age_bucket": "MONTH_6_TO_8",
    "state": "LA",
    "county": "Caddo",
    "classification": "Gold",
    "unit_price": "8.00",
    "first_name": "John",
    "city": "Shreveport",
}


class InventoryPage(Answer):
    """Some of the leads for sale, and how many there are."""

    model_config = example({"items": [_ITEM], "total": 150, "next_cursor": None})

    items: list[InventoryItem] = Field(description="What lapses soonest first.", examples=[[_ITEM]])
    total: int = Field(description="Everything that matches, not the page.", examples=[150])
    next_cursor: NextCursor


class AvailabilityLine(LineCriteria):
    """A line to ask about; with a quantity, what that many cost."""

    quantity: Quantity | None = Field(None, description="How many leads to price; none: no amount.", examples=[50])


class AvailabilityRequest(Body):
    """The lines to ask about."""

    model_config = example({"criteria": [_LINE]})

    criteria: Criteria[AvailabilityLine]


class LineAvailability(Answer):
    """What one line would find."""

    classification: ClassName
    age_bucket: BucketName
    state: AskedState
    county: AskedCounty
    available: int = Field(description="How many you can buy under these criteria, other lines aside.", examples=[324])
    unit_price: UnitPrice
    quantity: int | None = Field(description="As it was asked.", examples=[50])
    amount: Money | None = Field(
        description="What the quantity costs, in US dollars; null where it or a price is missing.", examples=["400.00"]
    )


_AVAILABLE = {**_LINE, "available": 324, "unit_price": "8.00", "amount": "400.00"}


class AvailabilityAnswer(Answer):
    """Counts and prices at one instant."""

    model_config = example(
        {"as_of": "2026-06-01T12:00:00Z", "currency": CURRENCY, "criteria": [_AVAILABLE], "total": "400.00"}
    )

    as_of: Instant
    currency: CurrencyCode = CURRENCY
    criteria: list[LineAvailability] = Field(description="The lines in the order asked.", examples=[[_AVAILABLE]])
    total: Money | None = Field(
        description="What all quantities cost; null where a quantity or a price is missing.", examples=["400.00"]
    )


# --- Buying ---


class CriteriaPurchase(Body):
    """What to buy, line by line."""

    model_config = example({"client_id": _CLIENT, "criteria": [_LINE]})

    client_id: ClientId
    criteria: Criteria[Line]


class NamedPurchase(Body):
    """Which records to buy."""

    model_config = example(
        {"client_id": _CLIENT, "inventory_item_ids": [_ITEM["inventory_id"]], "quote_id": _QUOTE},
        {"client_id": _CLIENT, "inventory_item_ids": [_ITEM["inventory_id"]]},
    )

    client_id: ClientId
    inventory_item_ids: InventoryIds
    quote_id: UUID | None = Field(
        None, description="A quote that names these records; its prices are paid.", examples=[_QUOTE]
    )


class PurchaseAnswer(Answer):
    """What was bought: all that was asked for."""

    model_config = example(
        {
            "success": True,
            "order_id": _ORDER,
            "replayed": False,
            "sale_ids": _SALES,
            "total_paid": "400.00",
            "items_requested": 50,
            "items_purchased": 50,
            "items_replaced": 0,
            "errors": [],
            "message": "Purchase completed successfully.",
        }
    )

    success: Literal[True] = Field(
        default=True, description="Always true: a refusal has another status.", examples=[True]
    )
    order_id: OrderId
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
    errors: list[str] = Field(description="Always empty: an order is filled in full or not at all.", examples=[[]])
    message: str = Field(
        default="Purchase completed successfully.",
        description="For people.",
        examples=["Purchase completed successfully."],
    )

    @classmethod
    def of(cls, order: Order, sale_ids: list[UUID]) -> "PurchaseAnswer":
        return cls(
            order_id=order.id,
            replayed=order.replayed,
            sale_ids=sale_ids,
            total_paid=order.total,
            items_requested=order.quantity,
            items_purchased=len(sale_ids),
            items_replaced=sum(line.replaced for line in order.lines.all()),
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


class Shortage(Answer):
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

    detail: Shortage | Refusal = Field(description="Why nothing was sold.", examples=[_SHORTAGE])
    request_id: RequestId


# --- What was bought ---

_SUMMARY = {
    "order_id": _ORDER,
    "placed_at": "2026-06-01T12:00:00Z",
    "quantity": 50,
    "total_paid": "400.00",
    "currency": CURRENCY,
    "api_key": "hs_live_4k2p9x7m1q8z",
}
_BOUGHT = {**_LINE, "unit_price": "8.00", "amount": "400.00", "replaced": 0}


class OrderSummary(Answer):
    """An order in brief."""

    order_id: OrderId
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


class BoughtLine(Answer):
    """One line of an order, as it was bought."""

    classification: ClassName
    age_bucket: BucketName
    state: AskedState
    county: AskedCounty
    quantity: int = Field(description="Leads of this line.", examples=[50])
    unit_price: Money = Field(description="What each of them cost, in US dollars.", examples=["8.00"])
    amount: Money = Field(description="What they cost together, in US dollars.", examples=["400.00"])
    replaced: int = Field(description="Leads in the place of ones asked for by id that were gone.", examples=[0])

    @classmethod
    def of(cls, line: OrderLine) -> "BoughtLine":
        return cls.model_validate(line)


class OrderAnswer(OrderSummary):
    """An order with its lines and sales."""

    model_config = example({**_SUMMARY, "lines": [_BOUGHT], "sale_ids": _SALES})

    lines: list[BoughtLine] = Field(description="As they were ordered.", examples=[[_BOUGHT]])
    sale_ids: SaleIds

    @classmethod
    def in_full(cls, order: Order, sale_ids: list[UUID]) -> "OrderAnswer":
        lines = [BoughtLine.of(line) for line in order.lines.all()]
        return cls(**_summary(order), lines=lines, sale_ids=sale_ids)


def _summary(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "placed_at": order.placed_at_utc,
        "quantity": order.quantity,
        "total_paid": order.total,
        "currency": order.currency,
        "api_key": order.api_key.prefix if order.api_key else None,
    }
