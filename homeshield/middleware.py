import re
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.utils import timezone
from django.views.defaults import bad_request

from homeshield.accounts.models import User
from homeshield.accounts.origin import RequestOrigin
from homeshield.accounts.second_factor import second_factor_step
from homeshield.lib.clean_headers import headers_clean
from homeshield.lib.errors import DomainError
from homeshield.lib.logs import address_for_log
from homeshield.lib.origin import within
from homeshield.lib.viewer import NOBODY, STAFF, Viewer, look_as, seen_by
from homeshield.refusals import HttpsRequired, refusal_of, refusal_of_status

logger = structlog.get_logger(__name__)

type GetResponse = Callable[[HttpRequest], HttpResponse]


class OriginMiddleware:
    """Gives a request its origin (homeshield/lib/origin.py), its id in the answer, and a line in the log.

    Outermost, so that refusals of other middleware have them too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        headers_clean(request)
        origin = RequestOrigin(request)
        request.origin = origin  # type: ignore[attr-defined]  # Django logs after the middleware
        with within(origin):
            response = self.get_response(request)
            _log_answer(request, response, origin, milliseconds=round((perf_counter() - began) * 1000, 1))
        response["X-Request-ID"] = origin.request_id
        return response


def _log_answer(request: HttpRequest, response: HttpResponse, origin: RequestOrigin, *, milliseconds: float) -> None:
    """Skips successful health checks and static files."""
    routine = request.path == "/health" or request.path.startswith(settings.STATIC_URL)
    if routine and response.status_code < HTTPStatus.BAD_REQUEST:
        return
    user, key = origin.known_user, origin.key
    client_id = key.client_id if key else user.client_id if user else None
    logger.info(
        "request",
        method=request.method,
        address=address_for_log(request),
        status=response.status_code,
        milliseconds=milliseconds,
        user=str(user.id) if user else None,
        key=key.prefix if key else None,
        client=str(client_id) if client_id else None,
    )


PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
        "magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
) + ", publickey-credentials-get=(self), publickey-credentials-create=(self)"  # fmt: skip
"""No page uses any; passkeys work only on our own pages."""


CLEARED_AT_SIGN_OUT = '"cache", "storage"'
"""Removes cached pages and scripts' storage. Cookies stay: one marks a known browser (accounts/devices.py)."""


class HeadersMiddleware:
    """Adds headers that Django has no setting for, and SecurityMiddleware's, which refusals before it would lack.

    Only static files may be cached: pages hold private data and tokens, and some URLs a secret.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY)
        response.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.setdefault("X-Content-Type-Options", "nosniff")
        if not request.path.startswith(settings.STATIC_URL) and "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "no-store"
        if getattr(request, "signed_out", False):
            response["Clear-Site-Data"] = CLEARED_AT_SIGN_OUT
        return response


class InstantMiddleware:
    """One instant (UTC) for everything in the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.as_of = timezone.now()  # type: ignore[attr-defined]
        return self.get_response(request)


class ViewerMiddleware:
    """Tells row-level security who looks: a client, staff on staff pages, or nobody. API keys do it in ApiKeyAuth."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with seen_by(NOBODY):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        # Without the cookie nobody is signed in. /health must not need more of the database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith(("/api/", "/health")):
            look_as(_viewer_of(request))


def _viewer_of(request: HttpRequest) -> Viewer:
    user = request.user
    if not user.is_authenticated:
        return NOBODY
    if user.is_staff and request.resolver_match and "admin" in request.resolver_match.app_names:
        return STAFF
    return Viewer(user.client_id)


class DomainErrorMiddleware:
    """Renders a DomainError that no view handled."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        response = render(request, "errors/refused.html", {"error": exception}, status=exception.status)
        if exception.retry_after is not None:
            response["Retry-After"] = str(exception.retry_after)
        return response


class UnreadableInputMiddleware:
    """Answers 400 on staff pages to NUL, which PostgreSQL refuses, and to values that do not fit their fields.

    The admin passes on whatever the URL holds. Other pages and the API validate by themselves.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.app_name != "admin":
            return None
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            return bad_request(request, BadRequest("A NUL in the address."))
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.app_name != "admin" or not isinstance(exception, (ValidationError, DataError)):
            return None
        logger.warning("unreadable input", address=address_for_log(request), kind=type(exception).__name__)
        return bad_request(request, exception)


class StaffSecondFactorMiddleware:
    """Requires the second factor in the admin, or sends staff to set one up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        match, user = request.resolver_match, request.user
        if not settings.STAFF_NEED_SECOND_FACTOR or match is None or match.app_name != "admin":
            return None
        if not (user.is_authenticated and user.is_staff):
            return None  # the admin handles it
        assert isinstance(user, User)
        why = "Set up two-step verification first. Staff need it to open the administration."
        return second_factor_step(request, user, why=why)


class ApiMiddleware:
    """Gives the API https, a limit on bodies, allowance headers, no caching, and one shape for Django's errors too."""

    _OURS = re.compile(r"/(api(/|$)|health$)")
    _LISTS = re.compile(r"/api/v1/suppression-lists(/|$)")
    _LIST_BYTES = 8 * 1_048_576  # a hundred thousand digests in hexadecimal are 7 MB

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._OURS.match(request.path):
            return self.get_response(request)
        if self._in_the_clear(request):
            response: HttpResponse = refusal_of(HttpsRequired())
        elif refused := self._body_refused(request):
            response = refusal_of_status(refused)
        else:
            response = self.get_response(request)
        if response.status_code >= 400 and not response.get("Content-Type", "").startswith("application/json"):
            response.content = refusal_of_status(response.status_code).content  # keeps headers such as Allow
            response["Content-Type"] = "application/json"
            response["Content-Length"] = str(len(response.content))
        if allowance := getattr(request, "allowance", None):
            for name, value in allowance.headers.items():
                response[name] = value
        response.setdefault("Cache-Control", "no-store")
        return response

    @staticmethod
    def _in_the_clear(request: HttpRequest) -> bool:
        """Whether the call came by plain http, which only a health check may."""
        return settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path != "/health"

    def _body_refused(self, request: HttpRequest) -> int | None:
        """The status for a body that is too large, or of unknown length, which Django would read as empty."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return 411
        most = max(settings.API_MAX_BODY_BYTES, self._LIST_BYTES if self._LISTS.match(request.path) else 0)
        if length.isdecimal() and (len(length) > 15 or int(length) > most):
            return 413
        if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self._read_whole(request)
        return None

    @staticmethod
    def _read_whole(request: HttpRequest) -> int | None:
        """Reads a body that is larger than Django lets any page's be; it then takes this one for read."""
        try:
            request._body = request.read()
        except UnreadablePostError:
            return 400
        return None
