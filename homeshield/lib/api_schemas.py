"""What the API's requests and answers are made of, whatever they are about."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

type Money = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d+\.\d{2}$", "description": "US dollars, two places.", "examples": ["8.00"]}
    ),
]

type Instant = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "UTC.", "examples": ["2026-06-01T12:00:00Z"]}
    ),
]

type Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Where the page begins: next_cursor of the page before. Without it: the first page.",
    ),
]


class Body(Schema):
    """A request's body. A name that is none of ours is refused: a mistyped filter must not buy more than was meant."""

    model_config = ConfigDict(extra="forbid")


class Refusal(Schema):
    """Why nothing was done. Some refusals carry more, such as the ids that they are about."""

    model_config = ConfigDict(extra="allow")

    error: str = Field(description="The kind of refusal, for programs.", examples=["quote_expired"])
    message: str = Field(description="What is wrong and how to mend it, for people.")


class FieldError(Schema):
    """What is wrong at one place of the request."""

    model_config = ConfigDict(extra="allow")

    loc: list[str | int] = Field(
        description="The place: body, query, path or header, and the way from there.",
        examples=[["body", "criteria", 0, "quantity"]],
    )
    msg: str = Field(description="The reason.", examples=["Input should be less than or equal to 1000"])
    type: str = Field(description="The kind of mistake, for programs.", examples=["less_than_equal"])


class Refused(Schema):
    """Every error has this shape."""

    detail: Refusal


class Malformed(Schema):
    """A request that is not as it should be names each place; a refusal is said as elsewhere."""

    detail: list[FieldError] | Refusal


EVERYWHERE: dict[int, Any] = {401: Refused, 403: Refused, 422: Malformed, 429: Refused, 503: Refused}
"""What any call with a key may answer instead."""
