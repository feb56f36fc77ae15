"""What programs send to buy, and what they are told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from homeshield.lib.api_schemas import Body, Instant, Money, Refusal
from homeshield.lib.money import CURRENCY
from inventory.alternatives import Suggestion
from inventory.api_schemas import BucketName, ClassName, Line, LineCriteria, Quantity
from pricing.api import InventoryIds
from sales.drafts import MAX_LINES
from sales.models import Order, OrderLine

_EXAMPLE: dict[str, Any] = {
    "client_id": "0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d00",
    "criteria": [
        {
            "classification": "Gold",
            "age_bucket": "MONTH_6_TO_8",
            "quantity": 50,
            "state": "LA",
            "county": "Caddo",
        }
    ],
}

type Criteria[Item] = Annotated[list[Item], Field(min_length=1, max_length=MAX_LINES)]


# --- Looking ---


class InventoryItem(Schema):
    """One lead for sale, with no more of the person than may be known before purchase."""

    inventory_id: UUID
    lead_id: UUID
    age_bucket: BucketName
    state: str = Field(examples=["LA"])
    county: str | None = Field(examples=["Caddo"])
    classification: ClassName
    unit_price: Money | None = Field(description="null: no price is in force, so it is not sold at the moment.")
    first_name: str | None = Field(examples=["John"])
    city: str | None = Field(examples=["Shreveport"])


class InventoryPage(Schema):
    items: list[InventoryItem]
    total: int = Field(description="Everything that matches, not the page.", examples=[150])
    next_cursor: str | None = Field(description="Send it as cursor for the next page; null on the last one.")


class AvailabilityLine(LineCriteria):
    """A line to ask about; with a quantity, what that many cost."""

    quantity: Quantity | None = None


class AvailabilityRequest(Body):
    criteria: Criteria[AvailabilityLine]


class LineAvailability(Schema):
    classification: ClassName
    age_bucket: BucketName
    state: str | None
    county: str | None
    available: int = Field(description="How many you can buy under these criteria, other lines aside.", examples=[324])
    unit_price: Money | None = Field(description="null: no price is in force, so it is not sold at the moment.")
    quantity: int | None
    amount: Money | None


class AvailabilityAnswer(Schema):
    as_of: Instant
    currency: str = CURRENCY
    criteria: list[LineAvailability]
    total: Money | None = Field(description="What all quantities cost; null where a quantity or a price is missing.")


# --- Buying ---


class CriteriaPurchase(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    client_id: UUID = Field(description="Your client: the key's.")
    criteria: Criteria[Line]


class NamedPurchase(Body):
    client_id: UUID = Field(description="Your client: the key's.")
    inventory_item_ids: InventoryIds
    quote_id: UUID | None = Field(None, description="A quote that names these records; its prices are paid.")


class PurchaseAnswer(Schema):
    success: Literal[True] = True
    sale_ids: list[UUID] = Field(description="Line by line.")
    total_paid: Money
    items_requested: int = Field(examples=[50])
    items_purchased: int = Field(examples=[50])
    items_replaced: int = Field(description="Leads in the place of ones asked for by id that were gone.", examples=[0])
    errors: list[str] = Field(description="Always empty: an order is filled in full or not at all.", examples=[[]])
    message: str = "Purchase completed successfully."

    @classmethod
    def of(cls, order: Order, sale_ids: list[UUID]) -> "PurchaseAnswer":
        return cls(
            sale_ids=sale_ids,
            total_paid=order.total,
            items_requested=order.quantity,
            items_purchased=len(sale_ids),
            items_replaced=sum(line.replaced for line in order.lines.all()),
            errors=[],
        )


class AlternativeOffer(Schema):
    description: str = Field(examples=["Purchase 22 available leads ($176.00)"])
    available_count: int = Field(examples=[22])
    suggestion_type: Suggestion


class Shortage(Schema):
    """Nothing was sold: a line cannot be filled."""

    error: Literal["insufficient_inventory"]
    requested: int = Field(examples=[50])
    available: int = Field(examples=[22])
    criteria: str = Field(examples=["Gold MONTH_6_TO_8 state=LA qty=50"])
    item_index: int | None = Field(description="The place of the short line, from 0; null where there is one line.")
    is_multi_item: bool
    alternatives: list[AlternativeOffer]


class PurchaseConflict(Schema):
    detail: Shortage | Refusal


# --- What was bought ---


class OrderSummary(Schema):
    order_id: UUID
    placed_at: Instant
    quantity: int = Field(examples=[50])
    total_paid: Money
    currency: str = Field(examples=[CURRENCY])

    @classmethod
    def of(cls, order: Order) -> "OrderSummary":
        return cls(**_summary(order))


class OrdersPage(Schema):
    orders: list[OrderSummary] = Field(description="The newest first.")
    next_cursor: str | None = Field(description="Send it as cursor for older ones; null on the last page.")


class BoughtLine(Schema):
    classification: ClassName
    age_bucket: BucketName
    state: str | None
    county: str | None
    quantity: int
    unit_price: Money
    amount: Money
    replaced: int = Field(description="Leads in the place of ones asked for by id that were gone.")

    @classmethod
    def of(cls, line: OrderLine) -> "BoughtLine":
        return cls.model_validate(line)


class OrderAnswer(OrderSummary):
    lines: list[BoughtLine]
    sale_ids: list[UUID] = Field(description="Line by line.")

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
    }
