"""Criteria as programs send them."""

from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from homeshield.lib.api_schemas import Body
from inventory.criteria import MAX_QUANTITY, Criteria, Demand
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES, match_county


def _known(state: str) -> str:
    if state not in STATES:
        raise PydanticCustomError("unknown_state", "There is no state {state}: send its USPS code.", {"state": state})
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
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="As the Census Bureau writes it, without County or Parish; other spellings are understood.",
        examples=["Caddo"],
    ),
]

type ClassName = Annotated[
    Classification, WithJsonSchema({"type": "string", "enum": Classification.values, "examples": ["Gold"]})
]

type BucketName = Annotated[
    AgeBucket, WithJsonSchema({"type": "string", "enum": AgeBucket.values, "examples": ["MONTH_6_TO_8"]})
]


def _number(value: object) -> object:
    """JSON knows one kind of number, so 50.0 is 50; but neither text nor true is a number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


type Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, examples=[50]), BeforeValidator(_number)]


class Filters(Schema):
    """What to look at; what is left out is left open."""

    state: StateCode | None = None
    classification: ClassName | None = None
    age_bucket: BucketName | None = None
    county: CountyName | None = None

    @property
    def criteria(self) -> Criteria:
        return Criteria(
            classification=self.classification,
            age_bucket=self.age_bucket,
            state=self.state,
            county=_census_name(self.state, self.county),
        )


class LineCriteria(Body):
    """The class, the age and, if it matters, the place of the leads of one line. A county needs its state."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"state": {"type": "string"}}, "required": ["state"]},
                {"properties": {"county": {"type": "null"}}},
            ]
        }
    )

    classification: ClassName
    age_bucket: BucketName
    state: StateCode | None = None
    county: CountyName | None = None

    @field_validator("county")
    @classmethod
    def _within_a_state(cls, county: str | None, info: ValidationInfo) -> str | None:
        # Where the state itself is wrong it is not in the data, and is complained of already.
        if county is not None and info.data.get("state", "") is None:
            raise PydanticCustomError(
                "county_without_state", "A county is chosen within a state: name the state as well."
            )
        return county

    @property
    def criteria(self) -> Criteria:
        return Criteria(
            classification=self.classification,
            age_bucket=self.age_bucket,
            state=self.state,
            county=_census_name(self.state, self.county),
        )


class Line(LineCriteria):
    """One line of an order."""

    quantity: Quantity

    @property
    def demand(self) -> Demand:
        return Demand(criteria=self.criteria, quantity=self.quantity)


def _census_name(state: str | None, county: str | None) -> str | None:
    """The county as leads carry it; as it was sent where the Census knows none of that name."""
    return (match_county(state, county) or county) if state and county else county
