"""Names, lines and keys that several operations of sales send or answer."""

from typing import Annotated
from uuid import UUID

from ninja import Path
from pydantic import Field

from homeshield.lib.api_schemas import Answer, Money
from inventory.api_schemas import BucketName, ClassName
from pricing.api_schemas import ListPrice, list_price
from pricing.discounts.prices import reduced_from
from sales.cart.services import MAX_LINES
from sales.models import OrderLine

CLIENT_EXAMPLE = "0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d00"
QUOTE_EXAMPLE = "0190d3c5-0b20-7e4f-b166-6a2e3c4d5e70"
ORDER_EXAMPLE = "0190d3c6-1c30-7f50-a277-7b3f4d5e6f81"
ORDER_NUMBER_EXAMPLE = 10432
SALES_EXAMPLE = ["0190d3c6-1c31-7a61-9388-8c405e6f7a92", "0190d3c6-1c31-7a61-9388-8c405e6f7a93"]
LINE_EXAMPLE = {
    "classification": "Gold",
    "age_bucket": "MONTH_6_TO_8",
    "quantity": 50,
    "state": "LA",
    "county": "Caddo",
}

type ClientId = Annotated[UUID, Field(description="Your client: the key's.", examples=[CLIENT_EXAMPLE])]
type OrderId = Annotated[UUID, Field(description="The order.", examples=[ORDER_EXAMPLE])]
type OrderNumber = Annotated[
    int, Field(description="The order’s number, for people. Gaps mean nothing.", examples=[ORDER_NUMBER_EXAMPLE])
]
OrderInPath = Annotated[UUID, Path(description="An order of yours.", example=ORDER_EXAMPLE)]
type SaleIds = Annotated[
    list[UUID], Field(description="One for each lead, line by line: what a download names.", examples=[SALES_EXAMPLE])
]
type Criteria[Item] = Annotated[
    list[Item],
    Field(
        min_length=1,
        max_length=MAX_LINES,
        description="The lines. They may overlap: no lead is counted or sold twice.",
        examples=[[LINE_EXAMPLE]],
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

BOUGHT_EXAMPLE = {**LINE_EXAMPLE, "unit_price": "8.00", "amount": "400.00", "replaced": 0, "territory_index": None}


class BoughtLine(Answer):
    """One line of an order, as it was bought. A line over a territory became one for each place that gave something."""

    classification: ClassName
    age_bucket: BucketName
    state: AskedState
    county: AskedCounty
    quantity: int = Field(description="Leads of this line.", examples=[50])
    unit_price: Money = Field(description="What each of them cost, in US dollars.", examples=["8.00"])
    list_price: ListPrice = list_price()
    amount: Money = Field(description="What they cost together, in US dollars.", examples=["400.00"])
    replaced: int = Field(description="Leads in the place of ones asked for by id that were gone.", examples=[0])
    territory_index: int | None = Field(
        description="The place, from 0, in `criteria` of the line with the territory that this line is a part of; null "
        "where it is a line of its own.",
        examples=[0],
    )

    @classmethod
    def of(cls, line: OrderLine) -> "BoughtLine":
        bought = cls.model_validate(line)
        return bought.model_copy(update={"list_price": reduced_from(line.unit_price, line.list_price)})
