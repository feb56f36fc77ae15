"""Prices in force, and quotes, for programs."""

from itertools import product
from typing import Annotated
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, Body, Instant, Money, Refused
from homeshield.lib.money import CURRENCY
from inventory.api_schemas import BucketName, ClassName
from inventory.buyer import buyer_of
from inventory.criteria import MAX_QUANTITY
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import QuoteItem
from pricing.quotes import quote_create
from pricing.selectors import prices_in_force

router = Router(tags=["Prices"])

type InventoryIds = Annotated[
    list[UUID],
    Field(
        min_length=1,
        max_length=MAX_QUANTITY,
        description="Inventory ids; one that is given twice counts once.",
        examples=[["0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e"]],
    ),
]


class Price(Schema):
    classification: ClassName
    age_bucket: BucketName
    unit_price: Money


class Prices(Schema):
    as_of: Instant
    currency: str = CURRENCY
    prices: list[Price] = Field(description="A class and bucket that is not listed has no price and is not sold.")


class QuoteRequest(Body):
    inventory_item_ids: InventoryIds


class QuotedItem(Schema):
    inventory_id: UUID
    lead_id: UUID
    classification: ClassName
    age_bucket: BucketName
    state: str = Field(examples=["LA"])
    county: str | None = Field(examples=["Caddo"])
    unit_price: Money

    @classmethod
    def of(cls, item: QuoteItem) -> "QuotedItem":
        record = item.inventory
        return cls(
            inventory_id=record.id,
            lead_id=record.lead_id,
            classification=Classification(record.classification),
            age_bucket=AgeBucket(record.age_bucket),
            state=record.state,
            county=record.county,
            unit_price=item.unit_price,
        )


class QuoteAnswer(Schema):
    quote_id: UUID
    items: list[QuotedItem]
    subtotal: Money
    currency: str = Field(examples=[CURRENCY])
    total_items: int = Field(examples=[2])
    created_at: Instant
    expires_at: Instant


@router.get("/prices", auth=ApiKeyAuth(Act.BROWSE), response={200: Prices, **EVERYWHERE}, summary="Prices in force")
def prices_list(request: ApiRequest) -> Prices:
    """The price of one lead for each class and age bucket, at this instant."""
    in_force = prices_in_force(request.as_of)
    return Prices(
        as_of=request.as_of,
        prices=[
            Price(classification=row, age_bucket=bucket, unit_price=in_force[row, bucket])
            for row, bucket in product(Classification, AgeBucket)
            if (row, bucket) in in_force
        ],
    )


@router.post(
    "/quotes",
    auth=ApiKeyAuth(Act.DRAFT),
    response={200: QuoteAnswer, 404: Refused, 409: Refused, **EVERYWHERE},
    summary="Hold prices for 15 minutes",
)
def quote_make(request: ApiRequest, body: QuoteRequest) -> QuoteAnswer:
    """Prices for these records, which a purchase that names the quote pays within 15 minutes. Reserves nothing.

    404 names the ids that do not exist or cannot be sold to you.
    """
    quoted = quote_create(buyer=buyer_of(request.auth), inventory_ids=body.inventory_item_ids, as_of=request.as_of)
    quote = quoted.quote
    return QuoteAnswer(
        quote_id=quote.id,
        items=[QuotedItem.of(item) for item in quoted.items],
        subtotal=quote.subtotal,
        currency=quote.currency,
        total_items=len(quoted.items),
        created_at=quote.quoted_at_utc,
        expires_at=quote.expires_at_utc,
    )
