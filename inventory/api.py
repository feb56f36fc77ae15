"""What is in stock and where, for programs."""

from typing import Annotated

from ninja import Query, Router
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, Answer, example
from inventory.api_schemas import Filters, OwnedCount, SuppressedCount
from inventory.buyer import buyer_of
from inventory.counting.reading import Facet, availability, locations
from inventory.replica_reads import replica_may_answer
from leads.age import AgeBucket
from leads.classification import Classification

router = Router(tags=["Inventory"])


type CountiesByState = Annotated[
    dict[str, list[str]],
    Field(
        description="Of each of the states its counties, sorted. Leads whose county is not known are of none.",
        examples=[{"LA": ["Acadia", "Allen"]}],
    ),
]


class Locations(Answer):
    """Where there is something to buy."""

    model_config = example({"states": ["LA"], "counties_by_state": {"LA": ["Acadia", "Allen"]}})

    states: list[str] = Field(description="USPS codes, sorted.", examples=[["LA"]])
    counties_by_state: CountiesByState


class FacetCount(Answer):
    """One choice of a filter."""

    value: str = Field(description="What to send as the filter.", examples=["LA"])
    count: int = Field(description="What would be left under this value and the other filters.", examples=[150])


def _example(*counts: tuple[str, int]) -> list[dict[str, str | int]]:
    return [{"value": value, "count": count} for value, count in counts]


_STATES = _example(("LA", 150), ("TX", 174))
_COUNTIES = _example(("Bossier", 61), ("Caddo", 89))
_CLASSES = _example(("Gold", 150), ("Silver", 212))
_BUCKETS = [
    {"value": bucket.value, "count": count} for bucket, count in zip(AgeBucket, (98, 150, 156, 40, 7), strict=True)
]


class Facets(Answer):
    """How many leads each choice of a filter would leave. Of states and counties, those that would leave any."""

    model_config = example(
        {
            "total": 150,
            "owned": 14,
            "suppressed": 37,
            "states": _STATES,
            "counties": _COUNTIES,
            "classifications": _CLASSES,
            "age_buckets": _BUCKETS,
        }
    )

    total: int = Field(description="What is left under all of the filters.", examples=[150])
    owned: OwnedCount
    suppressed: SuppressedCount
    states: list[FacetCount] = Field(description="Under class and age, whatever the place.", examples=[_STATES])
    counties: list[FacetCount] = Field(
        description="Those of the state that is asked for, under class and age; else none.", examples=[_COUNTIES]
    )
    classifications: list[FacetCount] = Field(description="Under place and age.", examples=[_CLASSES])
    age_buckets: list[FacetCount] = Field(description="Under place and class.", examples=[_BUCKETS])


@router.get(
    "/inventory/locations",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: Locations, **EVERYWHERE},
    operation_id="list_locations",
    summary="Where there is inventory",
)
@replica_may_answer
def inventory_locations(request: ApiRequest) -> Locations:
    """States and counties with inventory that you can buy, both sorted."""
    found = locations(buyer=buyer_of(request.auth), as_of=request.as_of)
    return Locations(states=list(found), counties_by_state=found)


@router.get(
    "/inventory/facets",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: Facets, **EVERYWHERE},
    operation_id="count_facets",
    summary="Counts by each filter",
)
@replica_may_answer
def inventory_facets(request: ApiRequest, filters: Query[Filters]) -> Facets:
    """Exact counts by state, county, class and age bucket under the given filters, as on the page."""
    asked = filters.criteria
    stock = availability(criteria=asked, buyer=buyer_of(request.auth), as_of=request.as_of)
    return Facets(
        total=stock.total,
        owned=stock.owned,
        suppressed=stock.suppressed,
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
