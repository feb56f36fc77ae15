"""The outermost layer of a page: reads the clock once, and turns a refusal into a page that explains it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from homeshield.lib.errors import DomainError

type GetResponse = Callable[[HttpRequest], HttpResponse]


class InstantMiddleware:
    """Gives each request its `as_of`: one instant (UTC) for everything that it shows or does."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.as_of = timezone.now()  # type: ignore[attr-defined]
        return self.get_response(request)


class DomainErrorMiddleware:
    """A DomainError that no view has answered becomes a page with its message and its HTTP status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "errors/refused.html", {"error": exception}, status=exception.status)
