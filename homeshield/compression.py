"""Compresses the API's successful JSON answers, and pages that say they may be, if the program asks.

A compressed length reveals secrets next to text that an attacker chooses ("BREACH"). So errors, which repeat input, and
pages stay uncompressed, unless a view is `compressible`. Downloads are streamed as the file whose digest is on record.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import override

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_REFUSES = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)")  # Django takes it for a yes


def compressible[**P](view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A large page whose secrets no length can tell: docs/decisions/0028-compressed-pages.md says which may be."""

    @wraps(view)
    def marked(*arguments: P.args, **options: P.kwargs) -> HttpResponse:
        response = view(*arguments, **options)
        response.is_compressible = True  # type: ignore[attr-defined]
        return response

    return marked


class AnswerCompressionMiddleware(GZipMiddleware):
    @override
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not _may_compress(request, response) or _REFUSES.search(request.headers.get("Accept-Encoding", "")):
            return response
        return super().process_response(request, response)


def _may_compress(request: HttpRequest, response: HttpResponseBase) -> bool:
    is_answer = request.path.startswith("/api/") and response.get("Content-Type", "").startswith("application/json")
    return (
        response.status_code == 200
        and not response.streaming
        and (is_answer or getattr(response, "is_compressible", False))
    )
