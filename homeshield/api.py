"""The REST API, version 1: its operations, their callers, and its errors."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.utils.text import Truncator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja.errors import HttpError, ValidationError

import exports.api
import homeshield.billing.ledger.api
import inventory.api
import inventory.suppression.api
import pricing.api
import sales.api
import sales.browse.api
import sales.privacy.api
import sales.returns.api
from homeshield.accounts.api import ApiKeyAuth
from homeshield.lib.api_requests import StrictParser, UnusableText, refuse_unknown_parameters, why_no_json
from homeshield.lib.errors import DomainError
from homeshield.lib.keyset import BadCursor
from homeshield.openapi import DescribedApi
from homeshield.refusals import refusal, refusal_of, refusal_of_reading, refusal_of_status

logger = logging.getLogger("django.request")

api = DescribedApi(urls_namespace="api", docs_url=None, auth=ApiKeyAuth(), parser=StrictParser())
api.add_decorator(refuse_unknown_parameters)
# First: the download's path also matches an order.
api.add_router("", exports.api.router)
api.add_router("", inventory.api.router)
api.add_router("", inventory.suppression.api.router)
api.add_router("", sales.browse.api.router)
api.add_router("", sales.api.router)
api.add_router("", pricing.api.router)
api.add_router("", sales.privacy.api.router)
api.add_router("", homeshield.billing.ledger.api.router)
api.add_router("", sales.returns.api.router)


@api.exception_handler(DomainError)
def _domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:  # noqa: ARG001
    if isinstance(error, BadCursor):  # about a field
        return refusal(422, [{"loc": ["query", "cursor"], "msg": error.message, "type": error.code}])
    return refusal_of(error)


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    return refusal(422, json.loads(json.dumps([_place(one) for one in error.errors], default=str)))


_LONGEST_NAME = 100
"""Characters of an unknown name to repeat."""


def _place(error: Mapping[str, Any]) -> dict[str, Any]:
    """Removes ninja's argument name from the place."""
    source, *way = error["loc"]
    if source in {"body", "query"} and way and way[0] in {"body", "query", "filters"}:
        way = way[1:]
    way = [Truncator(name).chars(_LONGEST_NAME) if isinstance(name, str) else name for name in way]
    return {"loc": [source, *way], "msg": error["msg"], "type": error["type"]}


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    """ninja raises it for a body that is not JSON, or holds unusable text."""
    if isinstance(error.__cause__, UnusableText):
        return refusal(422, [_place(one) for one in error.__cause__.mistakes])
    return refusal(422, [{"loc": ["body"], "msg": why_no_json(error.__cause__), "type": "json_invalid"}])


@api.exception_handler(UnreadablePostError)
def _broken_off(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:  # noqa: ARG001
    """The body never came."""
    return refusal_of_status(400)


@api.exception_handler(SuspiciousOperation)
def _unreadable(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:  # noqa: ARG001
    """Django refuses to read the address or the body."""
    said = refusal_of_reading(error)
    return refusal_of(said) if said else refusal_of_status(400)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:  # noqa: ARG001
    return refusal_of_status(404)


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _no_database(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    logger.error("%s %s: %s", request.method, request.path, type(error).__name__)
    return refusal_of_status(503, retry_after=5)


@api.exception_handler(Exception)
def _our_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s", request.method, request.path, exc_info=error)
    return refusal_of_status(500)


@csrf_exempt
def no_such_operation(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Any other path below /api/."""
    return refusal_of_status(404)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "docs.html")


@csrf_exempt
@require_safe
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """503 if the database does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return JsonResponse({"status": "unhealthy", "version": settings.VERSION}, status=503)
    return JsonResponse({"status": "healthy", "version": settings.VERSION})
