from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from homeshield.lib.errors import DomainError
from homeshield.lib.money import CURRENCY
from homeshield.lib.numbers import NotANumber, read_digits

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


def _asked_instant(sent: object) -> datetime:
    with suppress(ValueError, OverflowError):
        instant = datetime.fromisoformat(str(sent))
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    raise PydanticCustomError(
        "instant",
        "Send an instant in ISO 8601 with its offset, such as 2026-06-01T12:00:00Z. In an address a + is written %2B.",
    )


type AskedInstant = Annotated[
    datetime,
    BeforeValidator(_asked_instant),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "ISO 8601.", "examples": ["2026-06-01T12:00:00Z"]}
    ),
]


def _digits(text: str) -> int:
    try:
        return read_digits(text)
    except NotANumber as error:
        raise PydanticCustomError("int_parsing", "Input should be a whole number in digits") from error


NO_NUL = r"^[^\x00]*$"
"""The pattern of a free text, so that the description says what is refused (homeshield/lib/api_requests.py)."""

PageSize = Annotated[int, BeforeValidator(_digits)]
"""pydantic alone would accept `1_0` and `+10`."""

type CurrencyCode = Annotated[
    str, Field(description="The ISO 4217 code of all amounts here.", examples=[CURRENCY]), PlainSerializer(str)
]

_CURSOR = "qD6m0cJx5fS8yTn1Vb4ZkW2pRrU7aHgXo9LeIdNsMtQ3vYwCjKfBzE0"

_PAGE_AT = "Where the page begins: next_cursor of the page before. Without it: the first page."

type Cursor = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$", description=_PAGE_AT, examples=[_CURSOR]),
]

type NextCursor = Annotated[
    str | None,
    Field(description="Send it as cursor for the next page; null on the last one.", examples=[_CURSOR]),
]


class Paged(Schema):
    """The part of a list's address that says which page."""

    cursor: Cursor | None = Field(None, description=_PAGE_AT, examples=[_CURSOR])


class Body(Schema):
    """A request's body. A name that is none of ours is refused: a mistyped filter must not buy more than was meant."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What an operation answers. Not ninja's Schema, whose validator in Python runs for each item of a list."""

    model_config = ConfigDict(from_attributes=True)


def example(*whole: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(whole)})


_EXPIRED = "This quote expired at 2026-06-01 12:15:00 UTC. Nothing was bought. Ask for a new quote."


class Refusal(Answer):
    """Why nothing was done. Some refusals carry more, such as the ids that they are about."""

    model_config = ConfigDict(extra="allow")

    error: str = Field(description="The kind of refusal, for programs.", examples=["quote_expired"])
    message: str = Field(
        description="What is wrong and how to mend it, for people.",
        examples=[_EXPIRED],
    )


class FieldError(Answer):
    """What is wrong at one place of the request."""

    model_config = ConfigDict(extra="allow")

    loc: list[str | int] = Field(
        description="The place: body, query, path or header, and the way from there.",
        examples=[["body", "criteria", 0, "quantity"]],
    )
    msg: str = Field(description="The reason.", examples=["Input should be less than or equal to 1000"])
    type: str = Field(description="The kind of mistake, for programs.", examples=["less_than_equal"])


_REFUSAL = {"error": "quote_expired", "message": _EXPIRED}
_MALFORMED = [
    {
        "loc": ["body", "criteria", 0, "quantity"],
        "msg": "Input should be less than or equal to 1000",
        "type": "less_than_equal",
    }
]


REQUEST_ID = "5f1d2b3c4d5e4f60817293a4b5c6d7e8"
type RequestId = Annotated[
    str,
    Field(
        description="The request's id, as in the header X-Request-ID. Name it when you write to us about the answer.",
        examples=[REQUEST_ID],
    ),
]


class Refused(Answer):
    """Every error has this shape."""

    model_config = example({"detail": _REFUSAL, "request_id": REQUEST_ID})

    detail: Refusal = Field(description="Why nothing was done.", examples=[_REFUSAL])
    request_id: RequestId


class Malformed(Answer):
    """A request that is not as it should be names each place; a refusal is said as elsewhere."""

    model_config = example({"detail": _MALFORMED, "request_id": REQUEST_ID})

    detail: list[FieldError] | Refusal = Field(
        description="Each mistake with its place; or a refusal, such as that of an idempotency key that came before.",
        examples=[_MALFORMED],
    )
    request_id: RequestId


def refused_by(*refusals: type[DomainError]) -> dict[int, Any]:
    return {refusal.status: Refused for refusal in refusals}


EVERYWHERE: dict[int, Any] = {401: Refused, 403: Refused, 422: Malformed, 429: Refused, 503: Refused}
"""Errors of any call with a key."""

WITH_BODY: dict[int, Any] = {411: Refused, 413: Refused}
"""Errors of calls with a body."""
