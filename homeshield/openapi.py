"""Completes django-ninja's description of the API."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, override

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer

from homeshield.accounts.errors import ForAnotherClient, NotAuthenticated, RateLimited
from homeshield.billing.ledger.errors import InsufficientFunds
from homeshield.lib.api_schemas import REQUEST_ID
from homeshield.refusals import detail_of_status
from sales.errors import Busy, OrderNotFound

_DESCRIPTION = """
Everything that a buyer does on HomeShield's pages, for programs. Make a key on the page *API keys* of your account, and
send it with every call: `Authorization: Bearer hs_live_...`. A key acts for its own client alone. Use https only.

Money is text with two places, in US dollars; times are ISO 8601, UTC. Every error is `{"detail": ..., "request_id":
...}`. The detail is an object with `error` (for programs) and `message` (for people), or where a request is malformed a
list of what is wrong at which place. What an operation does not know is refused and not ignored. 429 and 503 say in
`Retry-After` after how many seconds to try again.
"""

_TAGS = {
    "Inventory": "What is for sale: lists, counts, places.",
    "Prices": "What it costs, and quotes that hold a price.",
    "Purchases": "Buying, and what was bought.",
    "Money": "Your balance, and what happened on your account.",
    "Returns": "Leads that you give back.",
    "Notices": "Who of the people you bought has opted out.",
    "Suppression lists": "People whom you are never sold.",
    "Service": "Whether the shop is up.",
}

_SAID: dict[str, tuple[str, dict[str, object] | None]] = {
    "200": ("What was asked for.", None),
    "401": ("No key, or none that is in force.", NotAuthenticated().detail),
    "402": (
        "The money does not cover it, or the key’s budget for this month does not. Nothing was done.",
        InsufficientFunds(total=Decimal("400.00"), available=Decimal("120.00"), missing=Decimal("280.00")).detail,
    ),
    "403": ("The client may not do this, or what is named is another client's.", ForAnotherClient().detail),
    "404": ("There is no such thing for you; what is missing is named.", OrderNotFound().detail),
    "409": ("Nothing was done: what is asked for is not to be had as things stand.", None),
    "411": ("The body came without its length: send the header Content-Length.", detail_of_status(411)),
    "413": ("The body is too large.", detail_of_status(413)),
    "422": ("Malformed: each mistake with its place and reason.", None),
    "429": ("Too many calls. Retry-After says how many seconds to wait.", RateLimited(retry_after=3).detail),
    "503": (
        "Busy, or the database does not answer: nothing was done. Retry-After as above.",
        Busy().detail,
    ),
}
"""By status: its meaning, and an example."""


def _of(part: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{part}/{name}"}


def _of_health(description: str, example: dict[str, str]) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {"X-Request-ID": _of("headers", "X-Request-ID")},
        "content": {"application/json": {"schema": _of("schemas", "Health"), "example": example}},
    }


def _header(description: str, example: str | int, **schema: object) -> dict[str, Any]:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": kind, **schema}, "example": example}


_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": _header("The request's id. Name it when you write to us about the answer.", REQUEST_ID),
    "RateLimit-Limit": _header("How many calls may come at once when the allowance is full.", 100, minimum=1),
    "RateLimit-Remaining": _header("How many of them may come now.", 97, minimum=0),
    "RateLimit-Reset": _header("In how many seconds the allowance is full again.", 1, minimum=0),
    "Retry-After": _header("Seconds to wait.", 3, minimum=1),
    "WWW-Authenticate": _header("How to authenticate.", "Bearer"),
    "Location": _header("The order's address.", "/api/v1/purchases/0190d3c6-1c30-7f50-a277-7b3f4d5e6f81"),
    "Idempotent-Replayed": _header(
        "There, and true, where this answers a repeat: nothing more was bought.", "true", enum=["true"]
    ),
    "Content-Disposition": _header(
        "An attachment, and the name of the file.", 'attachment; filename="homeshield-leads-2026-06-01.csv"'
    ),
}

_OF_THE_ALLOWANCE = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_OF_A_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
_OF_AN_OPERATION = {
    "buy_by_criteria": ("Location", "Idempotent-Replayed"),
    "buy_by_ids": ("Location", "Idempotent-Replayed"),
    "download_sales": ("Content-Disposition",),
    "download_order": ("Content-Disposition",),
}
"""Headers of an operation's 200."""

_PUBLIC_NAMES = {"ClassName": "Classification", "BucketName": "AgeBucket", "ShareName": "Share", "PriceList": "Prices"}
"""Names that read better in generated clients."""

HEALTH = "/health"
_HEALTH = {
    "get": {
        "operationId": "check_health",
        "summary": "Whether the shop is up",
        "description": "Needs no key. 503 where the database does not answer.",
        "tags": ["Service"],
        "security": [],
        "responses": {
            "200": _of_health("The shop is up.", {"status": "healthy", "version": settings.VERSION}),
            "400": {
                "description": "The call names a host that is none of ours.",
                "headers": {"X-Request-ID": _of("headers", "X-Request-ID")},
                "content": {
                    "application/json": {
                        "schema": _of("schemas", "Refused"),
                        "example": {"detail": detail_of_status(400), "request_id": REQUEST_ID},
                    }
                },
            },
            "503": _of_health("The database does not answer.", {"status": "unhealthy", "version": settings.VERSION}),
        },
    }
}
_HEALTH_SCHEMA = {
    "title": "Health",
    "description": "Whether the shop can serve.",
    "type": "object",
    "required": ["status", "version"],
    "properties": {
        "status": _of("schemas", "HealthStatus"),
        "version": {"type": "string", "description": "The shop's version.", "examples": [settings.VERSION]},
    },
    "examples": [{"status": "healthy", "version": settings.VERSION}],
}
_HEALTH_STATUS_SCHEMA = {
    "title": "HealthStatus",
    "type": "string",
    "enum": ["healthy", "unhealthy"],
    "description": "Unhealthy: the database does not answer.",
    "examples": ["healthy"],
}


class JsonRenderer(BaseRenderer):
    """orjson: thirty times as fast on a page of inventory (decision 0012)."""

    media_type = "application/json"

    @override
    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data)


class DescribedApi(NinjaAPI):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            title="HomeShield API",
            version="1",
            description=_DESCRIPTION,
            docs_decorator=_made_once,
            renderer=JsonRenderer(),
            servers=[{"url": "/", "description": "The shop that this description comes from."}],
            openapi_extra={"info": {"license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"}}},
            **options,
        )

    @override
    def get_openapi_operation_id(self, operation: Operation) -> str:
        raise AssertionError(f"{operation.view_func.__name__} has no operation_id: say how a program shall call it")

    @override
    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
        for methods in schema["paths"].values():
            for operation in methods.values():
                _complete(operation)
        schema["paths"][HEALTH] = _HEALTH
        components = schema["components"]
        components["securitySchemes"]["ApiKeyAuth"]["description"] = "An API key: hs_live_..."
        components["headers"] = _HEADERS
        components["schemas"] |= {"Health": _HEALTH_SCHEMA, "HealthStatus": _HEALTH_STATUS_SCHEMA}
        _publish(schema)
        return schema


def _complete(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        parameter.pop("examples", None)  # ninja's list, where OpenAPI wants a map; the schema has them too
        parameter["schema"] = _without_null(parameter["schema"])
    answers = operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
    for status, answer in answers.items():
        text, detail = _SAID[status]
        if status != "200" or answer["description"] == "OK":
            answer["description"] = text
        if detail is not None:
            answer["content"]["application/json"]["example"] = {"detail": detail, "request_id": REQUEST_ID}
        its = _OF_AN_OPERATION.get(operation["operationId"], ()) if status == "200" else _OF_A_STATUS.get(status, ())
        names = ("X-Request-ID", *_OF_THE_ALLOWANCE, *its)
        answer["headers"] = {name: _of("headers", name) for name in names}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter in a URL cannot be null."""
    some: list[dict[str, Any]] = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(some) != 1:
        return schema
    return some[0] | {name: value for name, value in schema.items() if name not in ("anyOf", "default")}


def _publish(schema: OpenAPISchema) -> None:
    """Drops unused schemas (ninja spreads queries into parameters), and renames some."""
    schemas = schema["components"]["schemas"]
    found = set(_names({"paths": schema["paths"]}))
    queue = list(found)
    while queue:
        new = set(_names(schemas[queue.pop()])) - found
        found |= new
        queue += new
    kept = {name: one for name, one in schemas.items() if name in found}
    for name, one in kept.items():
        if name in _PUBLIC_NAMES:
            one["title"] = _PUBLIC_NAMES[name]
    schema["components"]["schemas"] = {_PUBLIC_NAMES.get(name, name): _renamed(one) for name, one in kept.items()}
    schema["paths"] = _renamed(schema["paths"])


def _names(part: Any) -> Iterator[str]:
    return (match[1] for match in re.finditer(r'"#/components/schemas/([^"]+)"', json.dumps(part, default=str)))


def _renamed(part: Any) -> Any:
    match part:
        case {"$ref": str() as reference, **rest}:
            path, _, name = reference.rpartition("/")
            return {"$ref": f"{path}/{_PUBLIC_NAMES.get(name, name)}", **rest}
        case dict():
            return {name: _renamed(value) for name, value in part.items()}
        case list():
            return [_renamed(one) for one in part]
        case _:
            return part


def _made_once(view: Any) -> Any:
    """Anyone may ask for the description, and making it costs as much as a hundred calls: so once per process."""

    @cache
    def made() -> bytes:
        content: bytes = view(HttpRequest()).content
        return content

    @csrf_exempt
    @require_safe
    def description(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        return HttpResponse(made(), content_type="application/json")

    return description
