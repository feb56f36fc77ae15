from datetime import UTC, timedelta

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from leads.age import AgeBucket
from leads.classification import QUALIFICATION_FIELDS
from leads.models import Lead


@require_safe
def home(request: Request) -> HttpResponse:
    """Sends a company's users to the inventory or their orders."""
    if request.user.is_authenticated:
        for act, page in ((Act.BROWSE, "inventory:record-list"), (Act.ORDERS, "sales:order-list")):
            if act in request.user.acts:
                return redirect(page)
    labels = {field.name: str(field.verbose_name).rstrip("?") for field in Lead._meta.fields}
    answers = [labels[name] for name in QUALIFICATION_FIELDS]
    return render(request, "home.html", {"buckets": list(AgeBucket), "answers": answers})


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
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
