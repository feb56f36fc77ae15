"""The start page: for visitors what HomeShield is; whoever is signed in goes to work."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from leads.age import AgeBucket
from leads.classification import QUALIFICATION_FIELDS
from leads.models import Lead


@require_safe
def home(request: Request) -> HttpResponse:
    """A company's users to the inventory or their orders, staff to the administration, others see the start page."""
    if request.user.is_authenticated:
        for act, page in ((Act.BROWSE, "inventory:record-list"), (Act.ORDERS, "sales:order-list")):
            if act in request.user.acts:
                return redirect(page)
    if request.user.is_authenticated and request.user.is_staff:
        return redirect("admin:index")
    labels = {field.name: str(field.verbose_name).rstrip("?") for field in Lead._meta.fields}
    answers = [labels[name] for name in QUALIFICATION_FIELDS]
    return render(request, "home.html", {"buckets": list(AgeBucket), "answers": answers})
