"""Errors in the API's shape."""

from http import HTTPStatus
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import JsonResponse

from homeshield.lib.errors import DomainError
from homeshield.lib.origin import origin


class HttpsRequired(DomainError):
    """A redirect would let a program send its key in the clear each time."""

    code, status = "https_required", 403
    sentence = (
        "The API answers https only, and this call came by plain http. Nothing was done. If it sent an API key, others "
        "may have read it: revoke the key on the API keys page, create a new one, and send that to https:// only."
    )


class TooManyFields(DomainError):
    """Of a form or an address. Django counts them while it reads."""

    code, status, title = "too_many_fields", 400, "Too much at once"
    sentence = "A form or an address has {most:,} fields at most. Nothing was done. Send fewer at a time."
    most: int


class TooLarge(DomainError):
    code, status, title = "too_large", 413, "Too much at once"
    sentence = "What you sent is too large. Nothing was done. Send less at a time."


def refusal_of_reading(error: SuspiciousOperation) -> DomainError | None:
    """Says what was too much of a request that Django refused to read; None for another reason."""
    match error:
        case TooManyFieldsSent():
            return TooManyFields(most=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0)
        case RequestDataTooBig():
            return TooLarge()
    return None


class HttpRefusal(NamedTuple):
    """About HTTP or us. nginx has a page for those with a title."""

    error: str
    message: str
    title: str = ""
    text: str = ""


HTTP_REFUSALS = {
    400: HttpRefusal(
        "bad_request",
        "The request cannot be understood.",
        "We could not read that",
        "Go back, reload the page and try again.",
    ),
    403: HttpRefusal("forbidden", "This is not allowed."),
    404: HttpRefusal(
        "not_found",
        "There is no such address. The addresses are listed at /docs.",
        "Page not found",
        "Check the address, or go back to the start page.",
    ),
    405: HttpRefusal(
        "method_not_allowed",
        "This address does not have this method. The header Allow lists those it has.",
        "Not allowed",
        "This page cannot be called that way. Go back to the start page.",
    ),
    408: HttpRefusal(
        "request_timeout",
        "The request did not arrive in time. Send it again.",
        "That took too long",
        "Check your connection, then try again.",
    ),
    411: HttpRefusal("length_required", "The body came without its length. Send the header Content-Length."),
    413: HttpRefusal(
        "too_large",
        "The body is larger than {limit:,} bytes. Send several smaller requests.",
        "Too much at once",
        "What you sent is too large. Send less at a time.",
    ),
    414: HttpRefusal(
        "address_too_long",
        "The address is too long. Name fewer ids in one call, a thousand at most.",
        "Address too long",
        "Go back and choose fewer items.",
    ),
    431: HttpRefusal(
        "headers_too_large",
        "The headers of the request are too large. Leave out what the API does not ask for.",
        "Request too large",
        "Delete the cookies of this site, then try again.",
    ),
    500: HttpRefusal(
        "server_error",
        "We made a mistake, and it was recorded. Nothing is half done: try again.",
        "HomeShield has a problem",
        "This is our fault. Try again in a few seconds.",
    ),
    503: HttpRefusal(
        "unavailable",
        "The shop cannot reach its database at the moment. Try again in a few seconds.",
        "Back in a moment",
        "HomeShield is not answering. Try again in a few seconds.",
    ),
}


def refusal(status: int, detail: object, *, retry_after: int | None = None) -> JsonResponse:
    """The request id is also in X-Request-ID and the log."""
    response = JsonResponse({"detail": detail, "request_id": origin().request_id}, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def refusal_of(error: DomainError) -> JsonResponse:
    return refusal(error.status, error.detail, retry_after=error.retry_after)


def refusal_of_status(status: int, *, retry_after: int | None = None) -> JsonResponse:
    return refusal(status, detail_of_status(status), retry_after=retry_after)


def detail_of_status(status: int) -> dict[str, object]:
    """For a status that no DomainError set."""
    said = HTTP_REFUSALS.get(status, HTTP_REFUSALS[400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500])
    return {"error": said.error, "message": said.message.format(limit=settings.API_MAX_BODY_BYTES)}
