from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from pricing.discounts.codes import LONGEST_TYPED
from pricing.errors import DiscountCodeRefused
from sales.cart.forms import LineForm, QuantitiesForm
from sales.cart.selectors import draft_summary
from sales.cart.services import (
    draft_code_set,
    draft_line_remove,
    draft_line_replace,
    draft_prices_keep,
    draft_quantities_change,
    draft_take_available,
)
from sales.errors import DraftChanged, LineNotFound

FRAGMENT_STATUSES = frozenset({200, 402, 409, 422})
"""HTMX swaps the fragment for these, else the page's main part."""


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_safe
def draft_show(request: Request) -> HttpResponse:
    return draft_page(request)


def draft_action[**P](
    view: Callable[Concatenate[Request, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Shows a refusal on the cart page."""

    @requires(Act.DRAFT)
    @vary_on_headers("HX-Request")
    @require_POST
    @wraps(view)
    def wrapped(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as refusal:
            return draft_page(request, status=refusal.status, refusal=refusal)

    return wrapped


@draft_action
def draft_change(request: Request) -> HttpResponse:
    """Changes quantities, as typed or by a step, and reports errors per line."""
    form = QuantitiesForm(request.POST)
    draft_quantities_change(
        user=request.user, quantities=form.stepped, version=form.shown_version, seen_at=form.seen_at(request.as_of)
    )
    return draft_page(request, status=422, wrong=form.wrong) if form.wrong else _changed(request)


@draft_action
def line_remove(request: Request, line_id: UUID) -> HttpResponse:
    """Removes a line."""
    draft_line_remove(user=request.user, line_id=line_id)
    return _changed(request)


@draft_action
def line_replace(request: Request, line_id: UUID) -> HttpResponse:
    """Replaces a line with an alternative: `take` is a query of its own, as a button sends it."""
    form = LineForm(QueryDict(request.POST.get("take", "")))
    if not form.is_valid():
        raise DraftChanged
    draft_line_replace(
        user=request.user, line_id=line_id, criteria=form.criteria, quantity=form.cleaned_data["quantity"],
        seen_at=QuantitiesForm(request.POST).seen_at(request.as_of),
    )  # fmt: skip
    return _changed(request)


@draft_action
def draft_take(request: Request) -> HttpResponse:
    """Gives every line what is there for all of them together."""
    form = QuantitiesForm(request.POST)
    draft = draft_summary(user=request.user, as_of=request.as_of)
    if form.shown_version != draft.version:
        raise DraftChanged
    available = {line.id: line.together for line in draft.lines if line.price}
    draft_take_available(user=request.user, version=draft.version, available=available)
    return _changed(request)


@draft_action
def draft_prices(request: Request) -> HttpResponse:
    """Keeps lines at their new prices: `keep` is a line, or all of them."""
    keep, seen_at = request.POST.get("keep", ""), QuantitiesForm(request.POST).seen_at(request.as_of)
    if seen_at is None:
        raise DraftChanged
    try:
        line_id = None if keep == "all" else UUID(keep)
    except ValueError:
        raise LineNotFound from None
    draft_prices_keep(user=request.user, line_id=line_id, seen_at=seen_at)
    return _changed(request)


@draft_action
def draft_code(request: Request) -> HttpResponse:
    """Puts a discount code in, or takes it out where none was typed. Says at the field what is wrong with it."""
    typed = "" if "remove" in request.POST else request.POST.get("discount_code", "")
    try:
        draft_code_set(user=request.user, typed=typed[:LONGEST_TYPED], as_of=request.as_of)
    except DiscountCodeRefused as refusal:
        return draft_page(request, status=422, code_typed=typed, code_wrong=refusal)
    return _changed(request)


def _changed(request: Request) -> HttpResponse:
    return draft_page(request) if request.htmx else redirect("sales:draft-show")


def draft_page(request: Request, *, status: int = 200, **context: Any) -> HttpResponse:
    fragment = "#update" if request.htmx and status in FRAGMENT_STATUSES else ""
    response = render(request, f"sales/draft.html{fragment}", draft_context(request, **context), status=status)
    if request.method == "POST":
        trigger_client_event(response, "cart-changed", after="settle")  # Browse shows other prices and counts
    return response


def draft_context(request: Request, **context: Any) -> dict[str, Any]:
    """What the cart shows, on its page and beside Browse, which may have read the `draft` already."""
    draft = context.get("draft") or draft_summary(user=request.user, as_of=request.as_of)
    wrong = context.get("wrong", {})
    context |= {"draft": draft, "leads": draft.quantity, "in_cart": draft.quantity, "as_of": request.as_of}
    context["lines"] = [(line, wrong.get(line.id)) for line in draft.lines]
    if draft.payment:
        context["account"] = draft.payment.account  # the header asks for it too
    context["may_buy"] = Act.BUY in request.user.acts
    context.setdefault("code_wrong", draft.code_refusal)
    return context
