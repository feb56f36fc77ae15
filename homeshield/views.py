"""The start page: for visitors what HomeShield is; whoever is signed in goes to work."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from homeshield.lib.http import Request
from leads.age import AgeBucket
from leads.classification import QUALIFICATION_FIELDS
from leads.models import Lead


@require_safe
def home(request: Request) -> HttpResponse:
    """Buyers to the inventory, staff to the administration, everybody else sees the start page."""
    if request.user.is_authenticated and request.user.client_id:
        return redirect("inventory:record-list")
    if request.user.is_authenticated and request.user.is_staff:
        return redirect("admin:index")
    labels = {field.name: str(field.verbose_name).rstrip("?") for field in Lead._meta.fields}
    answers = [labels[name] for name in QUALIFICATION_FIELDS]
    return render(request, "home.html", {"buckets": list(AgeBucket), "answers": answers})
