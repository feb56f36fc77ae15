"""Which answers are compressed: what the API's operations say (200, JSON), where the program asks for it.

A compressed length tells what stands beside text that somebody else may choose ("BREACH"). So pages are not compressed,
which hold tokens beside search terms, nor errors, which repeat what was sent. What operations answer holds no secret:
keys are never sent back. Downloads are not either: they are streamed, and leave as the file whose digest is on record.
"""

import re
from typing import override

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_REFUSES = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)")  # which Django takes for asking


class AnswerCompressionMiddleware(GZipMiddleware):
    """Django's compression, with its padding of random length, for the API's answers alone."""

    @override
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not _is_answer(request, response) or _REFUSES.search(request.headers.get("Accept-Encoding", "")):
            return response
        return super().process_response(request, response)


def _is_answer(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        request.path.startswith("/api/")
        and response.status_code == 200
        and not response.streaming
        and response.get("Content-Type", "").startswith("application/json")
    )
