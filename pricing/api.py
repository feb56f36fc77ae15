from itertools import product
from typing import Annotated
from uuid import UUID

from ninja import Router
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import (
    EVERYWHERE,
    WITH_BODY,
    Answer,
    Body,
    CurrencyCode,
    Instant,
    Money,
    example,
    refused_by,
)
from homeshield.lib.money import CURRENCY
from inventory.api_schemas import BucketName, ClassName, CountyOf, InventoryId, LeadId, StateOf
from inventory.buyer import buyer_of
from inventory.facts.criteria import MAX_QUANTITY
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.api_schemas import CODE_EXAMPLE, DiscountCode, ListPrice, list_price
from pricing.discounts.codes import code_of
from pricing.discounts.prices import reduced_from
from pricing.errors import DiscountCodeRefused, NoPrice, NotForSale
from pricing.models import QuoteItem
from pricing.quotes import quote_create
from pricing.selectors import price_book

router = Router(tags=["Prices"])

_IDS = ["0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e", "0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5f"]

type InventoryIds = Annotated[
    list[UUID],
    Field(
        min_length=1,
        max_length=MAX_QUANTITY,
        description="Inventory ids; one that is given twice counts once.",
        examples=[_IDS],
    ),
]

type QuoteId = Annotated[
    UUID, Field(description="What a purchase names.", examples=["0190d3c5-0b20-7e4f-b166-6a2e3c4d5e70"])
]


class Price(Answer):
    """What one lead of a class and age costs."""

    classification: ClassName
    age_bucket: BucketName
    unit_price: Money
    list_price: ListPrice = list_price()


_PRICE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "unit_price": "8.00"}


class PriceList(Answer):
    """The prices in force at one instant."""

    model_config = example({"as_of": "2026-06-01T12:00:00Z", "currency": CURRENCY, "prices": [_PRICE]})

    as_of: Instant
    currency: CurrencyCode = CURRENCY
    prices: list[Price] = Field(
        description="A class and bucket that is not listed has no price and is not sold.", examples=[[_PRICE]]
    )


class QuoteRequest(Body):
    """What to hold the prices of."""

    model_config = example({"inventory_item_ids": _IDS})

    inventory_item_ids: InventoryIds
    discount_code: DiscountCode | None = Field(None, description="A discount code.", examples=[CODE_EXAMPLE])


_ITEM = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "state": "LA", "county": "Caddo", "unit_price": "8.00"}
_QUOTED = [
    {"inventory_id": _IDS[0], "lead_id": "0190d3c4-6b00-7d21-9c44-2a1b3c4d5e6f", **_ITEM},
    {"inventory_id": _IDS[1], "lead_id": "0190d3c4-6b00-7d21-9c44-2a1b3c4d5e70", **_ITEM},
]


class QuotedItem(Answer):
    """A record and the price that the quote holds for it."""

    inventory_id: InventoryId
    lead_id: LeadId
    classification: ClassName
    age_bucket: BucketName
    state: StateOf
    county: CountyOf
    unit_price: Money
    list_price: ListPrice = list_price()

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
            list_price=reduced_from(item.unit_price, item.list_price),
        )


class QuoteAnswer(Answer):
    """Prices that hold until `expires_at`."""

    model_config = example(
        {
            "quote_id": "0190d3c5-0b20-7e4f-b166-6a2e3c4d5e70",
            "items": _QUOTED,
            "subtotal": "16.00",
            "currency": CURRENCY,
            "total_items": 2,
            "created_at": "2026-06-01T12:00:00Z",
            "expires_at": "2026-06-01T12:15:00Z",
        }
    )

    quote_id: QuoteId
    items: list[QuotedItem] = Field(description="The records, each once, with their prices.", examples=[_QUOTED])
    subtotal: Money = Field(description="What all of them cost.", examples=["16.00"])
    currency: CurrencyCode
    total_items: int = Field(description="How many records the quote names.", examples=[2])
    created_at: Instant
    expires_at: Instant = Field(description="15 minutes later, UTC.", examples=["2026-06-01T12:15:00Z"])


@router.get(
    "/prices",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: PriceList, **EVERYWHERE},
    operation_id="list_prices",
    summary="Prices in force",
)
def prices_list(request: ApiRequest) -> PriceList:
    """What an order of one lead costs you, for each class and age bucket, at this instant."""
    in_force = price_book(client_id=request.auth.client_id, as_of=request.as_of).for_order(1)
    return PriceList(
        as_of=request.as_of,
        prices=[
            Price(
                classification=row,
                age_bucket=bucket,
                unit_price=price.unit_price,
                list_price=price.reduced_from,
            )
            for row, bucket in product(Classification, AgeBucket)
            if (price := in_force.get((row, bucket)))
        ],
    )


@router.post(
    "/quotes",
    auth=ApiKeyAuth(Act.DRAFT),
    response={200: QuoteAnswer, **refused_by(NotForSale, NoPrice, DiscountCodeRefused), **EVERYWHERE, **WITH_BODY},
    operation_id="create_quote",
    summary="Hold prices for 15 minutes",
)
def quote_make(request: ApiRequest, body: QuoteRequest) -> QuoteAnswer:
    """What an order of these records costs you. A purchase that names the quote within 15 minutes pays that. Reserves
    nothing.

    404 names the ids that do not exist or cannot be sold to you.
    """
    quoted = quote_create(
        buyer=buyer_of(request.auth),
        inventory_ids=body.inventory_item_ids,
        as_of=request.as_of,
        code=code_of(body.discount_code or ""),
    )
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
