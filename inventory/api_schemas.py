"""Criteria as programs send them."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic.config import JsonDict
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from homeshield.lib.api_schemas import NO_NUL, Body, example
from inventory.county_names import LONGEST_COUNTY, county_meant
from inventory.facts.criteria import MAX_QUANTITY, Criteria, Demand
from inventory.facts.place import UNKNOWN, Place
from inventory.facts.territory import MAX_PLACES, Share, Territory, overlap
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES, match_county

INVENTORY_EXAMPLE = "0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e"
TERRITORY_EXAMPLE = [{"state": "LA", "county": "Caddo"}, {"state": "LA", "county": "Bossier"}]

type InventoryId = Annotated[
    UUID,
    Field(
        description="The right to buy one lead within one age bucket.",
        examples=[INVENTORY_EXAMPLE],
    ),
]

type LeadId = Annotated[
    UUID,
    Field(
        description="The lead, under the same id in every age bucket.",
        examples=["0190d3c4-6b00-7d21-9c44-2a1b3c4d5e6f"],
    ),
]


def _known(state: str) -> str:
    if state not in STATES:
        raise PydanticCustomError(
            "unknown_state", 'There is no state "{state}": send its USPS code, such as LA.', {"state": state[:100]}
        )
    return state


type StateCode = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": sorted(STATES), "description": "USPS code.", "examples": ["LA"]}),
]

type CountyName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_COUNTY,
        pattern=NO_NUL,
        description="As the Census Bureau writes it, without County or Parish; other spellings are understood.",
        examples=["Caddo"],
    ),
]

type ClassName = Annotated[
    Classification,
    WithJsonSchema(
        {
            "type": "string",
            "enum": Classification.values,
            "description": "Gold: the caller answered all qualifying questions. Silver: every other lead.",
            "examples": ["Gold"],
        }
    ),
]

type BucketName = Annotated[
    AgeBucket,
    WithJsonSchema(
        {
            "type": "string",
            "enum": AgeBucket.values,
            "description": "How long ago the homeowner called, in months of 30 days.",
            "examples": ["MONTH_6_TO_8"],
        }
    ),
]


def _number(value: object) -> object:
    """JSON knows one kind of number, so 50.0 is 50; but neither text nor true is a number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


type Quantity = Annotated[
    int,
    Field(ge=1, le=MAX_QUANTITY, description="How many leads.", examples=[50]),
    BeforeValidator(_number),
]

# What an answer says of a place. It is no StateCode: what is sold is not checked against the list of what may be asked.
type StateOf = Annotated[str, Field(description="USPS code.", examples=["LA"])]
type CountyOf = Annotated[
    str | None,
    BeforeValidator(lambda county: None if county == UNKNOWN else county),
    Field(description="As the Census Bureau writes it; null where it is not known.", examples=["Caddo"]),
]


type OwnedCount = Annotated[
    int,
    Field(
        description="How many more match that you cannot buy, because you own a lead of the same person.",
        examples=[14],
    ),
]
type SuppressedCount = Annotated[
    int,
    Field(
        description="How many more match that you cannot buy, because they are on your suppression lists.",
        examples=[37],
    ),
]


class Filters(Schema):
    """What to look at; what is left out is left open."""

    state: StateCode | None = Field(None, description="In this state alone: its USPS code.", examples=["LA"])
    classification: ClassName | None = Field(None, description="Of this class alone.", examples=["Gold"])
    age_bucket: BucketName | None = Field(None, description="Of this age alone.", examples=["MONTH_6_TO_8"])
    county: CountyName | None = Field(
        None, description="In this county alone; without a state, in all counties of this name.", examples=["Caddo"]
    )

    @property
    def criteria(self) -> Criteria:
        return Criteria(
            classification=self.classification,
            age_bucket=self.age_bucket,
            place=Place(self.state, _as_leads_carry_it(self.state, self.county)),
        )


class TerritoryPlace(Body):
    """A state, or a county of it."""

    model_config = example({"state": "LA", "county": "Caddo"}, {"state": "TX"})

    state: StateCode
    county: CountyName | None = Field(
        None, description="A county of the state; without it, the whole state.", examples=["Caddo"]
    )

    @property
    def place(self) -> Place:
        return Place(self.state, _as_leads_carry_it(self.state, self.county))


def _apart(places: list[TerritoryPlace]) -> list[TerritoryPlace]:
    """As the Census spells them: one county may be sent in two spellings."""
    named = [Place(one.state, (one.county and match_county(one.state, one.county)) or one.county) for one in places]
    if found := overlap(named):
        around, inside = (place.label for place in found)
        twice, within = "{inside} is in the territory twice.", "{inside} lies in {around}: name one of them."
        said = twice if around == inside else within
        raise PydanticCustomError("overlapping_places", said, {"inside": inside, "around": around})
    return places


type Places = Annotated[
    list[TerritoryPlace],
    Field(
        min_length=1,
        max_length=MAX_PLACES,
        description="Several places for one line, in the place of state and county. None may lie in another. What one "
        "lacks at the moment of purchase the others make good.",
        examples=[TERRITORY_EXAMPLE],
        json_schema_extra={"uniqueItems": True},
    ),
    AfterValidator(_apart),
]

type ShareName = Annotated[
    Share,
    WithJsonSchema(
        {
            "type": "string",
            "enum": Share.values,
            "description": "How the leads are shared among the places of a territory, as far as each has them: the "
            "same number from each, in proportion to what each has, or what leaves its age bucket first wherever it "
            "is.",
            "examples": ["evenly"],
        }
    ),
]


def _together(*there: str, **types: str) -> JsonDict:
    """Of a request: what must be there, and of which type what is there must be, to be refused."""
    return {"properties": {name: {"type": kind} for name, kind in types.items()}, "required": list(there)}


class LineCriteria(Body):
    """The class, the age and, if it matters, the place of the leads of one line: a state, a county of it, or a
    territory of several. A county needs its state."""

    model_config = ConfigDict(
        json_schema_extra={
            # An anyOf at the top would say the same, and make several classes of a client.
            "not": {
                "anyOf": [
                    _together("county", county="string", state="null"),
                    _together("territory", "state", territory="array", state="string"),
                    _together("share", share="string", territory="null"),
                ]
            }
        }
    )

    classification: ClassName
    age_bucket: BucketName
    state: StateCode | None = Field(None, description="USPS code; without it, leads of all states.", examples=["LA"])
    county: CountyName | None = Field(
        None, description="A county of the state; without it, the whole state.", examples=["Caddo"]
    )
    territory: Places | None = Field(
        None,
        description="Several places for one line, in the place of state and county.",
        examples=[TERRITORY_EXAMPLE],
    )
    share: ShareName | None = Field(
        None,
        description="How a territory’s leads are shared among its places; without it, evenly.",
        examples=["evenly"],
    )

    @field_validator("county")
    @classmethod
    def _within_a_state(cls, county: str | None, info: ValidationInfo) -> str | None:
        # Where the state itself is wrong it is not in the data, and is complained of already.
        if county is not None and info.data.get("state", "") is None:
            raise PydanticCustomError(
                "county_without_state", "A county is chosen within a state: name the state as well."
            )
        return county

    @field_validator("territory")
    @classmethod
    def _instead_of_a_place(
        cls, territory: list[TerritoryPlace] | None, info: ValidationInfo
    ) -> list[TerritoryPlace] | None:
        if territory is not None and (info.data.get("state") or info.data.get("county")):
            raise PydanticCustomError(
                "territory_and_place", "A line has a state and county or a territory, not both: leave one out."
            )
        return territory

    @field_validator("share")
    @classmethod
    def _of_a_territory(cls, share: Share | None, info: ValidationInfo) -> Share | None:
        if share is not None and info.data.get("territory", ...) is None:
            raise PydanticCustomError("share_without_territory", "Only a territory is shared: name its places.")
        return share

    @property
    def criteria(self) -> Criteria:
        cell = Criteria(classification=self.classification, age_bucket=self.age_bucket)
        if self.territory:
            places = tuple(one.place for one in self.territory)
            return replace(cell, territory=Territory(places, self.share or Share.EVENLY))
        return cell.at(Place(self.state, _as_leads_carry_it(self.state, self.county)))


class Line(LineCriteria):
    """One line of an order."""

    quantity: Quantity

    @property
    def demand(self) -> Demand:
        return Demand(criteria=self.criteria, quantity=self.quantity)


def _as_leads_carry_it(state: str | None, county: str | None) -> str | None:
    """The county as leads carry it; as it was sent where there is none of that name."""
    return (county_meant(state, county) or county) if state and county else county
