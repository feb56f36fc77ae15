"""The API's description for programs: what django-ninja tells of the operations, made complete."""

from functools import cache
from typing import Any, override

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer

from homeshield.accounts.errors import ForAnotherClient, NotAuthenticated, RateLimited
from homeshield.refusals import detail_of_status
from sales.errors import Busy, OrderNotFound

_DESCRIPTION = """
Everything that a buyer does on HomeShield's pages, for programs. Make a key on the page *API keys* of your account, and
send it with every call: `Authorization: Bearer hs_live_...`. A key acts for its own client alone.

Money is text with two places, in US dollars; times are ISO 8601, UTC. Every error is `{"detail": ...}`: an object with
`error` (for programs) and `message` (for people), or where a request is malformed a list of what is wrong at which
place. What an operation does not know is refused and not ignored. 429 and 503 say in `Retry-After` after how many
seconds to try again.
"""

_TAGS = {
    "Inventory": "What is for sale: lists, counts, places.",
    "Prices": "What it costs, and quotes that hold a price.",
    "Purchases": "Buying, and what was bought.",
}

_SAID: dict[str, tuple[str, dict[str, object] | None]] = {
    "200": ("What was asked for.", None),
    "401": ("No key, or none that is in force.", NotAuthenticated().detail),
    "403": ("The client may not do this, or what is named is another client's.", ForAnotherClient().detail),
    "404": ("There is no such thing for you; what is missing is named.", OrderNotFound().detail),
    "409": ("Nothing was done: what is asked for is not to be had as things stand.", None),
    "411": ("The body came without its length: send the header Content-Length.", detail_of_status(411)),
    "413": ("The body is too large.", detail_of_status(413)),
    "422": ("Malformed: each mistake with its place and reason.", None),
    "429": ("Too many calls. Retry-After says how many seconds to wait.", RateLimited(3).detail),
    "503": (
        "Busy, or the database does not answer: nothing was done. Retry-After as above.",
        Busy().detail,
    ),
}
"""What each status means, and a refusal that has it, as an example."""

_RETRY_AFTER = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer", "minimum": 1, "description": "Seconds.", "examples": [3]},
}


class JsonRenderer(BaseRenderer):
    """Answers as JSON, by orjson: for a page of inventory thirty times as fast as by Python's own (decision 0012)."""

    media_type = "application/json"

    @override
    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data)


class DescribedApi(NinjaAPI):
    """NinjaAPI with the API's title and a full description."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            title="HomeShield API",
            version="1",
            description=_DESCRIPTION,
            docs_decorator=_made_once,
            renderer=JsonRenderer(),
            **options,
        )

    @override
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    @override
    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
        schema["components"]["securitySchemes"]["ApiKeyAuth"]["description"] = "An API key: hs_live_..."
        for methods in schema["paths"].values():
            for operation in methods.values():
                _complete(operation)
        return schema


def _complete(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        parameter.pop("examples", None)  # ninja's list, where OpenAPI wants a map; they stand in the schema as well
    answers = operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
    for status, answer in answers.items():
        text, detail = _SAID[status]
        if status != "200" or answer["description"] == "OK":
            answer["description"] = text
        if detail is not None:
            answer["content"]["application/json"]["example"] = {"detail": detail}
        if status in ("429", "503"):
            answer["headers"] = {"Retry-After": _RETRY_AFTER}


def _made_once(view: Any) -> Any:
    """Anybody may ask for the description, and making it takes as long as a hundred calls: each process makes it
    once."""

    @cache
    def made() -> bytes:
        content: bytes = view(HttpRequest()).content
        return content

    @csrf_exempt
    @require_safe
    def description(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        return HttpResponse(made(), content_type="application/json")

    return description
