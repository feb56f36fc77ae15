from pydantic import Field

from homeshield.lib.api_schemas import Answer, Body, CurrencyCode, Instant, Money, NextCursor, example
from homeshield.lib.money import CURRENCY
from inventory.api_schemas import (
    INVENTORY_EXAMPLE,
    BucketName,
    ClassName,
    CountyOf,
    InventoryId,
    LeadId,
    LineCriteria,
    OwnedCount,
    Quantity,
    StateOf,
    SuppressedCount,
)
from pricing.api_schemas import CODE_EXAMPLE, DiscountCode, ListPrice, list_price
from sales.api_schemas import LINE_EXAMPLE, AskedCounty, AskedState, Criteria, UnitPrice


class InventoryItem(Answer):
    """One lead for sale, with no more of the person than may be known before purchase."""

    inventory_id: InventoryId
    lead_id: LeadId
    age_bucket: BucketName
    state: StateOf
    county: CountyOf
    classification: ClassName
    unit_price: UnitPrice
    list_price: ListPrice = list_price()
    first_name: str | None = Field(description="The homeowner's; null where it is not known.", examples=["John"])
    city: str | None = Field(description="The homeowner's; null where it is not known.", examples=["Shreveport"])


_ITEM = {
    "inventory_id": INVENTORY_EXAMPLE,
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

    model_config = example({"criteria": [LINE_EXAMPLE]})

    criteria: Criteria[AvailabilityLine]
    discount_code: DiscountCode | None = Field(None, description="A discount code.", examples=[CODE_EXAMPLE])


class PlaceAvailability(Answer):
    """What one place of a territory would give."""

    state: StateOf
    county: AskedCounty
    available: int = Field(description="How many you can buy there.", examples=[120])
    quantity: int | None = Field(
        description="How many of the line it would give at this instant, other lines aside; null where no quantity was "
        "asked.",
        examples=[25],
    )
    amount: Money | None = Field(
        description="What these cost, in US dollars; null where they or a price are missing.", examples=["200.00"]
    )


_PLACE = {"state": "LA", "county": "Caddo", "available": 120, "quantity": 25, "amount": "200.00"}


class LineAvailability(Answer):
    """What one line would find."""

    classification: ClassName
    age_bucket: BucketName
    state: AskedState
    county: AskedCounty
    places: list[PlaceAvailability] | None = Field(
        description="The places of a territory, sorted; null where none was asked.", examples=[[_PLACE]]
    )
    available: int = Field(description="How many you can buy under these criteria, other lines aside.", examples=[324])
    owned: OwnedCount
    suppressed: SuppressedCount
    unit_price: UnitPrice
    list_price: ListPrice = list_price()
    quantity: int | None = Field(description="As it was asked.", examples=[50])
    amount: Money | None = Field(
        description="What the quantity costs, in US dollars; null where it or a price is missing.", examples=["400.00"]
    )


_AVAILABLE = {
    **LINE_EXAMPLE,
    "places": None,
    "available": 324,
    "owned": 14,
    "suppressed": 37,
    "unit_price": "8.00",
    "amount": "400.00",
}


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
