"""Compresses the API's successful JSON answers, if the program asks.

A compressed length reveals secrets next to text that an attacker chooses ("BREACH"). So pages, which hold tokens, and
errors, which repeat input, stay uncompressed. Downloads are streamed as the file whose digest is on record.
"""

import re
from typing import override

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_REFUSES = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)")  # Django takes it for a yes


class AnswerCompressionMiddleware(GZipMiddleware):
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
