"""A buyer's order while it is put together, and the orders that were placed."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.audit.services import audit_seen
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from inventory.browsing import browsing
from inventory.buyer import buyer_of
from inventory.counting.reading import available_count
from inventory.errors import Shortage
from pricing.selectors import prices_in_force
from sales.access import order_or_404
from sales.browse import browse_address, line_offer
from sales.drafts import (
    draft_line_add,
    draft_line_remove,
    draft_line_replace,
    draft_offers,
    draft_quantities_change,
    draft_quantities_take_over,
    draft_quantity,
    draft_summary,
)
from sales.errors import DraftBusy, DraftChanged, QuantityOutOfRange, TooManyLines
from sales.forms import BuyForm, LineForm, QuantitiesForm
from sales.selectors import order_sales_page, orders_page
from sales.services import order_place_draft

FRAGMENT_STATUSES = frozenset({200, 409, 422})
"""With these, htmx puts a fragment where it belongs; any other status makes it replace the page's whole main part."""


# --- A new line, from the list ---


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_POST
def line_add(request: Request) -> HttpResponse:
    """Adds what the list shows to the order; says at the field what is wrong."""
    form = LineForm(request.POST)
    if form.is_valid():
        quantity: int = form.cleaned_data["quantity"]
        try:
            draft_line_add(user=request.user, criteria=form.criteria, quantity=quantity)
        except QuantityOutOfRange as error:
            form.add_error("quantity", f"{error.message} Your cart may already hold some of these.")
        except (TooManyLines, DraftBusy) as error:
            form.add_error("quantity", error.message)
        else:
            return _line_added(request, form, quantity)
    template = "sales/_line_add.html" if request.htmx else "sales/line_add.html"
    context = _offer(request, form) | {"line_form": form, "back": browse_address(form.criteria)}
    return render(request, template, context, status=422)


def _line_added(request: Request, form: LineForm, quantity: int) -> HttpResponse:
    added = f"{quantity:,} lead{'s' * (quantity != 1)} added to your cart: {form.criteria.label}."
    if not request.htmx:
        messages.success(request, added)
        return redirect(browse_address(form.criteria))
    leads = draft_quantity(request.user)
    return render(request, "sales/_line_add.html", _offer(request, form) | {"added": added, "leads": leads})


@requires(Act.DRAFT)
@require_safe
@browsing
def line_quote(request: Request) -> HttpResponse:
    """What a line of the quantity being typed costs: a fragment for htmx."""
    form = LineForm(request.GET)
    form.is_valid()
    return render(request, "sales/_line_add.html#price", _offer(request, form) | {"line_form": form, "quote": True})


def _offer(request: Request, form: LineForm) -> dict[str, Any]:
    criteria = form.criteria
    available = available_count(criteria=criteria, buyer=buyer_of(request.user), as_of=request.as_of)
    return line_offer(criteria, available, prices_in_force(request.as_of), form.cleaned_data.get("quantity"))


# --- The order that is put together ---


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_safe
def draft_show(request: Request) -> HttpResponse:
    return _draft_page(request)


def draft_action[**P](
    view: Callable[Concatenate[Request, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A button on the order's page. What is refused is said there, above the order as it stands."""

    @requires(Act.DRAFT)
    @vary_on_headers("HX-Request")
    @require_POST
    @wraps(view)
    def wrapped(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as refusal:
            return _draft_page(request, status=refusal.status, refusal=refusal)

    return wrapped


@draft_action
def draft_change(request: Request) -> HttpResponse:
    """Gives the lines the quantities that were sent; says at each line what is wrong with its own."""
    form = QuantitiesForm(request.POST)
    draft_quantities_change(user=request.user, quantities=form.quantities, version=form.cleaned_data.get("version"))
    return _draft_page(request, status=422, wrong=form.wrong) if form.wrong else _changed(request)


@draft_action
def line_remove(request: Request, line_id: UUID) -> HttpResponse:
    """Takes a line out of the order."""
    draft_line_remove(user=request.user, line_id=line_id)
    return _changed(request)


@draft_action
def line_replace(request: Request, line_id: UUID) -> HttpResponse:
    """Puts an alternative in the place of a line."""
    form = LineForm(request.POST)
    if not form.is_valid():
        raise DraftChanged
    draft_line_replace(
        user=request.user, line_id=line_id, criteria=form.criteria, quantity=form.cleaned_data["quantity"]
    )
    return _changed(request)


@requires(Act.BUY)
@limited("purchase")
@draft_action
def draft_buy(request: Request) -> HttpResponse:
    """Buys the order as the page showed it, once however often it is sent; then shows it.

    Quantities that were typed but not taken over yet are taken over, and the order they make is shown before it is
    bought: its total is another one.
    """
    form, typed = BuyForm(request.POST), QuantitiesForm(request.POST)
    if not form.is_valid():
        raise DraftChanged
    shown = {name: form.cleaned_data[name] for name in ("draft_id", "version")}
    is_new = draft_quantities_take_over(user=request.user, quantities=typed.quantities, **shown)
    if typed.wrong:
        return _draft_page(request, status=422, wrong=typed.wrong, to_wrong=True)
    if is_new:
        return _draft_page(request, status=409, confirm=True)
    order = order_place_draft(user=request.user, **form.cleaned_data)
    messages.success(
        request, f"You bought {order.quantity:,} lead{'s' * (order.quantity != 1)} for {dollars(order.total)}."
    )
    address = reverse("sales:order-show", args=[order.id])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _changed(request: Request) -> HttpResponse:
    return _draft_page(request) if request.htmx else redirect("sales:draft-show")


def _draft_page(request: Request, *, status: int = 200, **context: Any) -> HttpResponse:
    draft = draft_summary(user=request.user, as_of=request.as_of)
    fragment = "#update" if request.htmx and status in FRAGMENT_STATUSES else ""
    wrong = context.get("wrong", {})
    lines = [(line, wrong.get(line.id)) for line in draft.lines]
    context |= {"draft": draft, "lines": lines, "leads": draft.quantity, "may_buy": Act.BUY in request.user.acts}
    if isinstance(shortage := context.get("refusal"), Shortage):
        context["short_line"] = next((line for line in draft.lines if line.criteria == shortage.line.criteria), None)
        context["offers"] = draft_offers(draft=draft, shortage=shortage)
    return render(request, f"sales/draft.html{fragment}", context, status=status)


# --- The orders that were placed ---


@requires(Act.ORDERS)
@require_safe
def order_list(request: Request) -> HttpResponse:
    """The company's orders, newest first."""
    assert request.user.client_id is not None
    page = orders_page(client_id=request.user.client_id, cursor=request.GET.get("cursor"))
    return render(request, "sales/order_list.html", {"page": page})


@requires(Act.ORDERS)
@require_safe
def order_show(request: Request, order_id: UUID) -> HttpResponse:
    """One of the company's orders, with its leads in full for those who may see them. 404 for an order of another
    company."""
    order = order_or_404(request, order_id)
    page = None
    if Act.LEADS in request.user.acts:
        page = order_sales_page(order=order, cursor=request.GET.get("cursor"))
        audit_seen(obj=order, client_id=order.client_id, as_of=request.as_of)
    return render(request, "sales/order_show.html", {"order": order, "page": page})
