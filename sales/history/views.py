from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url, reswap, retarget

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.audit.services import audit_seen
from homeshield.lib.http import Request
from homeshield.lib.signing import public_key
from sales.history.forms import LeadSearchForm
from sales.history.order_map import order_map
from sales.history.purchases import (
    MOST_COUNTED,
    SORTS,
    LeadSearch,
    order_places,
    purchases_count,
    purchases_page,
    purchases_refresh,
)
from sales.history.searches import search_keep, search_text
from sales.history.selectors import lead_sale, months_of, order_get, orders_page
from sales.history.year import year_of, years_of
from sales.models import Order
from sales.returns.rules import returnable_until

LEADS_ON_A_PAGE = 100
LEADS_ON_A_SHEET = 1000
"""Leads that one call sheet holds."""


@requires(Act.ORDERS)
@require_safe
def order_list(request: Request) -> HttpResponse:
    """The company's orders, newest first, with the totals of their months."""
    client_id = _client_id(request)
    page = orders_page(client_id=client_id, cursor=request.GET.get("cursor"))
    months = months_of(client_id=client_id, orders=page.rows)
    context: dict[str, Any] = {"page": page, "rows": [(order, months.get(order.id)) for order in page.rows]}
    if Act.LEADS in request.user.acts:
        context["form"] = _form(request, {}, of_order=False)
    return render(request, "sales/order_list.html", context)


@requires(Act.ORDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def order_show(request: Request, order_id: UUID) -> HttpResponse:
    """Shows an order: its map, and its leads for those who may see them. A search comes by POST."""
    order = order_or_404(request, order_id)
    purchases_refresh(order.client_id)
    context: dict[str, Any] = {"order": order, "certificate_key": public_key()}
    context |= _returnable(request, order)
    status, state = 200, request.GET.get("state")
    if Act.LEADS in request.user.acts:
        found = _leads(request, order)
        if isinstance(found, HttpResponse):
            return found
        context |= found
        state, status = found["asked"].state, 422 if found["form"].errors else 200
        audit_seen(obj=order, client_id=order.client_id, as_of=request.as_of)
    places = order_places(client_id=order.client_id, order_id=order.id)
    context["map"] = order_map(places, state if state in {place.state for place in places} else None)
    return render(request, "sales/order_show.html", context, status=status)


@requires(Act.LEADS)
@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def lead_list(request: Request) -> HttpResponse:
    """All purchased leads of the company. A search comes by POST: its text is a name or a number.

    For HTMX what was found, and its address; the whole with its form if something in that is wrong.
    """
    client_id = _client_id(request)
    purchases_refresh(client_id)
    found = _leads(request, None)
    if isinstance(found, HttpResponse):
        return found
    audit_seen(obj=("sales.purchasedlead", client_id), client_id=client_id, as_of=request.as_of)
    if found["form"].errors:
        response = render(request, f"sales/lead_list.html{'#part' if request.htmx else ''}", found, status=422)
        return reswap(retarget(response, "#leads-part"), "innerHTML")
    if not request.htmx:
        return render(request, "sales/lead_list.html", found)
    return push_url(render(request, "sales/_lead_table.html#answer", found), request.get_full_path())


@requires(Act.LEADS)
@vary_on_headers("HX-Request")
@require_safe
def lead_show(request: Request, sale_id: UUID) -> HttpResponse:
    """Everything about one purchased lead: a page, or for HTMX what opens below its row."""
    sale = lead_sale(client_id=_client_id(request), sale_id=sale_id)
    if sale is None:
        raise Http404
    audit_seen(obj=sale.order, client_id=sale.client_id, as_of=request.as_of)
    template = "sales/_lead.html" if request.htmx else "sales/lead_show.html"
    context: dict[str, Any] = {"sale": sale, "order": sale.order}
    return render(request, template, context | _returnable(request, sale.order))


@requires(Act.ORDERS)
@require_safe
def order_year(request: Request) -> HttpResponse:
    """Leads and spend of a year, by month and state."""
    client_id = _client_id(request)
    purchases_refresh(client_id)
    years = years_of(client_id)
    asked = request.GET.get("year", "")
    if asked and not (asked.isascii() and asked.isdecimal() and int(asked[:5]) in years):
        raise Http404
    year = int(asked) if asked else next(iter(years), None)
    context: dict[str, Any] = {"years": years, "shown": None}
    if year:
        context["shown"] = year_of(client_id=client_id, year=year, is_first=year == years[-1], as_of=request.as_of)
    return render(request, "sales/order_year.html", context)


def order_or_404(request: Request, order_id: UUID) -> Order:
    """Raises Http404, also for another company's order: nobody learns it exists."""
    try:
        return order_get(client_id=_client_id(request), order_id=order_id)
    except Order.DoesNotExist:
        raise Http404 from None


def _client_id(request: Request) -> UUID:
    assert request.user.client_id is not None
    return request.user.client_id


def _returnable(request: Request, order: Order) -> dict[str, datetime | None]:
    until = returnable_until(order.placed_at_utc, days=settings.RETURN_DAYS)
    return {"returnable_until": until if Act.RETURN in request.user.acts and request.as_of < until else None}


def _form(request: Request, values: dict[str, str], *, of_order: bool) -> LeadSearchForm:
    return LeadSearchForm(values, as_of=request.as_of, of_order=of_order)


def _leads(request: Request, order: Order | None) -> HttpResponse | dict[str, Any]:
    """The context of the table of leads; a redirect to it if a search was sent. The address keeps the rest."""
    key = request.GET.get("search", "")
    text = search_text(request.session, key) if key else ""
    sent = {name: str(value) for name, value in (request.POST if request.method == "POST" else request.GET).items()}
    if request.method != "POST":
        sent["text"] = text or ""
    form = _form(request, sent, of_order=order is not None)
    valid = form.is_valid()
    if request.method == "POST" and valid:
        if typed := form.cleaned_data["text"]:
            key = search_keep(request.session, typed)
        query = urlencode(({"search": key} if typed else {}) | form.in_address)
        return redirect(request.path + (f"?{query}" if query else ""))
    blank = form if valid else _blank(request, of_order=order is not None)
    asked = blank.asked(order.id if order else None)
    is_sheet = order is not None and "sheet" in request.GET
    is_filtered = bool(asked.text or asked.state or asked.county or asked.month)
    page = purchases_page(
        client_id=_client_id(request), asked=asked, cursor=request.GET.get("cursor"),
        limit=LEADS_ON_A_SHEET if is_sheet else LEADS_ON_A_PAGE,
    )  # fmt: skip
    return {
        "form": form, "page": page, "asked": asked, "is_sheet": is_sheet, "search_is_over": bool(key) and text is None,
        "is_filtered": is_filtered, "counted": _counted(request, asked) if is_filtered else "",
        "sorted_by": SORTS[asked.sort],
    }  # fmt: skip


def _counted(request: Request, asked: LeadSearch) -> str:
    """`3 leads`, `1,000+ leads`, `No leads`"""
    count = purchases_count(client_id=_client_id(request), asked=asked)
    if count > MOST_COUNTED:
        return f"{MOST_COUNTED:,}+ leads"
    return f"{count or 'No'} lead{'s' * (count != 1)}"


def _blank(request: Request, *, of_order: bool) -> LeadSearchForm:
    form = _form(request, {}, of_order=of_order)
    form.is_valid()
    return form
