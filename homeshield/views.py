from datetime import UTC, timedelta

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views import defaults
from django.views.decorators.http import require_safe

from homeshield.lib.http import Request
from homeshield.refusals import refusal_of_reading
from homeshield.site_texts import blocks


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says what was too much, where Django refused to read so much. Without the request, which cannot be read."""
    said = refusal_of_reading(exception) if isinstance(exception, SuspiciousOperation) else None
    if said is None:
        return defaults.bad_request(request, exception)
    return HttpResponse(render_to_string("errors/refused.html", {"error": said}), status=said.status)


SECURITY_TXT_HOLDS = timedelta(days=180)


@require_safe
def security_txt(request: Request) -> HttpResponse:
    """Where to report security problems (RFC 9116); 404 without SECURITY_CONTACT."""
    if not settings.SECURITY_CONTACTS:
        raise Http404
    until = (request.as_of.astimezone(UTC) + SECURITY_TXT_HOLDS).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        *(f"Contact: {contact}" for contact in settings.SECURITY_CONTACTS),
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: https://{request.get_host()}{request.path}",
        "Preferred-Languages: en",
    ]
    return _plain(lines)


@require_safe
def robots_txt(request: Request) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Search engines read what strangers can; the rest needs a sign-in anyway."""
    closed = ("/admin/", "/api/", "/billing/", "/inventory/", "/order", "/returns/", "/notices/", "/suppression/")
    return _plain(
        [
            "User-agent: *",
            f"Allow: {reverse('account_signup')}",
            f"Allow: {reverse('account_login')}",
            "Disallow: /accounts/",
            *(f"Disallow: {address}" for address in closed),
        ]
    )


@require_safe
def company(request: Request) -> HttpResponse:
    """Who sells here, and how to reach them."""
    context = {
        "seller": settings.SELLER,
        "email": settings.CONTACT_EMAIL,
        "phone": settings.CONTACT_PHONE,
        "about": list(blocks(settings.ABOUT_TEXT)),
    }
    return render(request, "site/company.html", context)


@require_safe
def terms(request: Request) -> HttpResponse:
    """404 without TERMS_FILE."""
    return _text(request, settings.TERMS_TEXT, title="Terms of service")


@require_safe
def privacy_policy(request: Request) -> HttpResponse:
    """404 without PRIVACY_FILE."""
    return _text(request, settings.PRIVACY_TEXT, title="Privacy policy")


def _text(request: Request, text: str, *, title: str) -> HttpResponse:
    if not text:
        raise Http404
    return render(request, "site/text.html", {"title": title, "text": list(blocks(text))})


def _plain(lines: list[str]) -> HttpResponse:
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
