"""Errors in the API's one shape, `{"detail": ..., "request_id": ...}`, whoever says them."""

from collections.abc import Mapping
from http import HTTPStatus

from django.conf import settings
from django.http import JsonResponse

from homeshield.lib.origin import origin


def refusal(status: int, detail: object, *, retry_after: int | None = None) -> JsonResponse:
    """An error in the API's one shape. The request's id is that of the header X-Request-ID and of our log."""
    response = JsonResponse({"detail": detail, "request_id": origin().request_id}, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


_SAID: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be understood."),
    404: ("not_found", "There is no such address. The addresses are listed at /docs."),
    403: ("forbidden", "This is not allowed."),
    405: ("method_not_allowed", "This address does not answer to this method; the header Allow names those it does."),
    408: ("request_timeout", "The request did not arrive in time. Send it again."),
    411: ("length_required", "The body came without its length (chunked): send it with the header Content-Length."),
    413: ("too_large", "The body is too large: {limit:,} bytes are the most. Send several smaller requests."),
    414: ("address_too_long", "The address is too long. Name fewer ids in one call: a thousand are the most."),
    431: ("headers_too_large", "The headers of the request are too large. Leave out what the API does not ask for."),
    500: ("server_error", "We made a mistake, and it has been noted. Nothing is half done: try again."),
    503: ("unavailable", "The shop cannot reach its database at the moment. Try again in a few seconds."),
}


def refusal_of_status(status: int, *, retry_after: int | None = None) -> JsonResponse:
    """An error that is not about the shop, but about HTTP or about us."""
    return refusal(status, detail_of_status(status), retry_after=retry_after)


IN_THE_CLEAR = {
    "error": "https_required",
    "message": "The API answers to https alone, and this call came by plain http. Nothing was done. If it brought an "
    "API key, others may have read the key on the way: revoke it on the page API keys, create a new one, and send that "
    "to https:// only.",
}
"""What is said to a call by plain http. It is not redirected: a program would send its key in the clear each time."""


def detail_of_status(status: int) -> dict[str, object]:
    """What is said under a status that no DomainError has chosen."""
    error, message = _SAID.get(status, _SAID[400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500])
    return {"error": error, "message": message.format(limit=settings.API_MAX_BODY_BYTES)}
