"""The first page: what strangers see, with what is on sale at this moment."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from inventory.buyer import Buyer
from inventory.counting.reading import availability
from inventory.facts.criteria import Criteria
from inventory.replica_reads import replica_may_answer
from leads.age import AgeBucket
from leads.classification import QUALIFICATION_FIELDS, Classification
from leads.models import Lead
from pricing.selectors import prices_in_force


@require_safe
def home(request: Request) -> HttpResponse:
    """Sends a company's users to the inventory or their orders."""
    signed_in = bool(request.user.is_authenticated)
    if signed_in:
        for act, page in ((Act.BROWSE, "inventory:record-list"), (Act.ORDERS, "sales:order-list")):
            if act in request.user.acts:
                return redirect(page)
    return render(request, "home.html", _shop()) if signed_in else _strangers_page(request)


@replica_may_answer
def _strangers_page(request: Request) -> HttpResponse:
    return render(request, "home.html", _shop() | {"on_sale": _on_sale(request), "as_of": request.as_of})


def _on_sale(request: Request) -> dict[str, Any]:
    """What anybody could buy: counts and general prices of each class and age."""
    stock = availability(criteria=Criteria(), buyer=Buyer(), as_of=request.as_of)
    prices = prices_in_force(request.as_of)
    return {
        "total": stock.total,
        "least": min(prices.values(), default=None),
        "rows": [
            (row, [(bucket, stock.cells[row, bucket], prices.get((row, bucket))) for bucket in AgeBucket])
            for row in Classification
        ],
    }


def _shop() -> dict[str, Any]:
    """What this shop's settings promise."""
    labels = {field.name: str(field.verbose_name).rstrip("?") for field in Lead._meta.fields}
    ways = ["card", "bank debit"] if settings.STRIPE_SECRET_KEY else []
    return {
        "buckets": list(AgeBucket),
        "answers": [labels[name] for name in QUALIFICATION_FIELDS],
        "ways_to_pay": [*ways, "bank transfer"],
        "return_days": settings.RETURN_DAYS,
        "return_share": settings.RETURN_CREDIT_SHARE,
        "company": settings.SELLER["name"],
    }
