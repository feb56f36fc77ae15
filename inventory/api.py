"""What is in stock and where, for programs."""

from ninja import Query, Router, Schema
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE
from inventory.api_schemas import Filters
from inventory.availability import Facet, availability, locations
from inventory.browsing import browsing
from inventory.buyer import buyer_of
from leads.age import AgeBucket
from leads.classification import Classification

router = Router(tags=["Inventory"])


class Locations(Schema):
    states: list[str] = Field(examples=[["LA"]])
    counties_by_state: dict[str, list[str]] = Field(examples=[{"LA": ["Acadia", "Allen"]}])


class FacetCount(Schema):
    value: str = Field(examples=["Caddo"])
    count: int = Field(description="What would be left under this value and the other filters.", examples=[24])


class Facets(Schema):
    total: int = Field(description="What is left under all of the filters.", examples=[150])
    states: list[FacetCount]
    counties: list[FacetCount] = Field(description="Those of the state that is asked for; else none.")
    classifications: list[FacetCount]
    age_buckets: list[FacetCount]


@router.get(
    "/inventory/locations",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: Locations, **EVERYWHERE},
    summary="Where there is inventory",
)
@browsing
def inventory_locations(request: ApiRequest) -> Locations:
    """States and counties with inventory that you can buy, both sorted."""
    found = locations(buyer=buyer_of(request.auth), as_of=request.as_of)
    return Locations(states=list(found), counties_by_state=found)


@router.get(
    "/inventory/facets",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: Facets, **EVERYWHERE},
    summary="Counts by each filter",
)
@browsing
def inventory_facets(request: ApiRequest, filters: Query[Filters]) -> Facets:
    """Exact counts by state, county, class and age bucket under the given filters, as on the page."""
    asked = filters.criteria
    stock = availability(criteria=asked, buyer=buyer_of(request.auth), as_of=request.as_of)
    return Facets(
        total=stock.total,
        states=_counts(stock.states),
        counties=_counts(stock.counties),
        classifications=[
            FacetCount(
                value=row,
                count=sum(n for (its, b), n in stock.cells.items() if its == row and asked.age_bucket in (None, b)),
            )
            for row in Classification
        ],
        age_buckets=[
            FacetCount(
                value=bucket,
                count=sum(
                    n for (c, its), n in stock.cells.items() if its == bucket and asked.classification in (None, c)
                ),
            )
            for bucket in AgeBucket
        ],
    )


def _counts(facets: list[Facet]) -> list[FacetCount]:
    return [FacetCount(value=facet.value, count=facet.count) for facet in facets]
