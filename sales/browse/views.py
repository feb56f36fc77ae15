from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from homeshield.accounts.access import requires
from homeshield.accounts.errors import PreviewsUsed
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from homeshield.lib.keyset import BadCursor
from inventory.buyer import buyer_of
from inventory.counting.reading import Availability, availability, available_count
from inventory.facts.criteria import Criteria
from inventory.forms import FilterForm
from inventory.listing import previews_page
from inventory.replica_reads import replica_may_answer
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.discounts.prices import Price, PriceBook, Prices
from pricing.selectors import price_book
from sales.browse.map import stock_map
from sales.cart.forms import LineForm
from sales.cart.selectors import draft_size
from sales.cart.services import draft_line_add
from sales.errors import DraftBusy, QuantityOutOfRange, TooManyLines

DEFAULT_QUANTITY = 10
"""What the line form starts with, if available."""

SHADES = 4
"""Tints for the table's counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """`price` is None if not for sale. `shade` is 0 to SHADES by share of the largest count. `address` selects
    the cell, or deselects it.
    """

    classification: Classification
    age_bucket: AgeBucket
    count: int
    price: Price | None
    shade: int
    chosen: bool
    address: str


def browse_address(criteria: Criteria, cursor: str = "", *, as_map: bool = False) -> str:
    """Returns the list's URL without open filters."""
    query = urlencode(
        criteria.as_filter() | ({"view": "map"} if as_map else {}) | ({"cursor": cursor} if cursor else {})
    )
    return reverse("inventory:record-list") + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What prices what this user would add to the cart: discounts count the leads that are in it already."""

    book: PriceBook
    leads: int

    @property
    def prices(self) -> Prices:
        """Of one lead more."""
        return self.book.for_order(self.leads + 1)


def shelf_of(request: Request) -> Shelf:
    leads, code = draft_size(request.user) if Act.DRAFT in request.user.acts else (0, "")
    return Shelf(price_book(client_id=request.user.client_id, as_of=request.as_of, code=code), leads)


def line_offer(criteria: Criteria, available: int, shelf: Shelf, quantity: int | None = None) -> dict[str, Any]:
    """Returns the context of the line form, with the price of so many more in the cart.

    The form is None unless the criteria name a class and an age.
    """
    if criteria.classification is None or criteria.age_bucket is None:
        return {"line_form": None, "in_cart": shelf.leads}
    quantity = quantity or max(1, min(DEFAULT_QUANTITY, available))
    price = shelf.book.for_order(shelf.leads + quantity).find(criteria)
    return {
        "in_cart": shelf.leads,
        "line_form": LineForm(initial=criteria.as_filter() | {"quantity": quantity}),
        "criteria": criteria,
        "available": available,
        "price": price,
        "quantity": quantity,
        "amount": price and price.unit_price * quantity,
        "list_amount": price and price.list_price * quantity,
        "tiers": list(shelf.book.tiers(shelf.leads + quantity)),
    }


@requires(Act.BROWSE)
@vary_on_headers("HX-Request")
@require_safe
@replica_may_answer
def record_list(request: Request) -> HttpResponse:
    """Renders list, count and prices; for HTMX only what changes."""
    form, cursor = FilterForm(request.GET), request.GET.get("cursor", "")
    as_map = request.GET.get("view") == "map"
    if form.is_valid() and not request.htmx and _has_blanks(request.GET):
        return redirect(browse_address(form.criteria, as_map=as_map))
    stock = availability(criteria=form.criteria, buyer=buyer_of(request.user), as_of=request.as_of)
    shelf = shelf_of(request)
    context = _window(form, stock, shelf, as_map=as_map)
    if form.is_valid() and Act.PREVIEW in request.user.acts:
        context |= _list(request, form.criteria, cursor, shelf.prices, as_map=as_map)
    refused = not form.is_valid() or "cursor_error" in context
    template = "sales/browse.html" + ("#update" if request.htmx else "")
    response = render(request, template, context, status=422 if refused else 200)
    if request.htmx and not refused:
        response["HX-Push-Url"] = browse_address(form.criteria, cursor, as_map=as_map)
    return response


def _has_blanks(query: QueryDict) -> bool:
    """Whether a form without JavaScript sent this, with its empty fields."""
    return any(not value or name == "county_of" for name, value in query.items())


def _list(request: Request, criteria: Criteria, cursor: str, prices: Prices, *, as_map: bool) -> dict[str, Any]:
    buyer = buyer_of(request.user)
    try:
        found = previews_page(criteria=criteria, buyer=buyer, as_of=request.as_of, cursor=cursor or None)
    except BadCursor as error:
        return {"cursor_error": error.message}
    except PreviewsUsed as refusal:
        return {"previews_used": refusal}
    page = found.page
    return {
        "few_left": found.left if found.left is not None and found.left < settings.PREVIEWS_PER_DAY / 10 else None,
        "rows": [(record, prices.get((record.classification, record.age_bucket))) for record in page.rows],
        "next": page.next_cursor and browse_address(criteria, page.next_cursor, as_map=as_map),
        "previous": page.previous_cursor and browse_address(criteria, page.previous_cursor, as_map=as_map),
    }


def _window(form: FilterForm, stock: Availability, shelf: Shelf, *, as_map: bool) -> dict[str, Any]:
    form.offer(stock)
    criteria, prices = form.criteria, shelf.prices
    return {
        "form": form,
        "criteria": criteria,
        "address": browse_address(criteria, as_map=as_map),
        "wider": [(wide.place, browse_address(wide, as_map=as_map)) for wide in list(criteria.widened())[1:]],
        "everything": browse_address(Criteria(), as_map=as_map),
        "stock": stock,
        "as_map": as_map,
        "views": [
            ("Table", browse_address(criteria), not as_map),
            ("Map", browse_address(criteria, as_map=True), as_map),
        ],
        "map": stock_map(criteria, stock, partial(browse_address, as_map=True)) if as_map else None,
        "buckets": list(AgeBucket),
        "matrix": [] if as_map else [(row, _cells(row, criteria, stock, prices)) for row in Classification],
        **line_offer(criteria, stock.total, shelf),
    }


def _cells(row: Classification, criteria: Criteria, stock: Availability, prices: Prices) -> list[MatrixCell]:
    largest = max(stock.cells.values(), default=0)
    cells = []
    for bucket in AgeBucket:
        count = stock.cells[row, bucket]
        chosen = (criteria.classification, criteria.age_bucket) == (row, bucket)
        target = replace(criteria, classification=None if chosen else row, age_bucket=None if chosen else bucket)
        cells.append(
            MatrixCell(
                classification=row,
                age_bucket=bucket,
                count=count,
                price=prices.get((row, bucket)),
                shade=-(-SHADES * count // largest) if largest else 0,
                chosen=chosen,
                address=browse_address(target),
            )
        )
    return cells


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_POST
def line_add(request: Request) -> HttpResponse:
    """Adds a line to the cart. Reports errors at the quantity."""
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
    offer = _offer(request, form)
    return render(request, "sales/_line_add.html", offer | {"added": added, "leads": offer["in_cart"]})


@requires(Act.DRAFT)
@require_safe
@replica_may_answer
def line_quote(request: Request) -> HttpResponse:
    """Prices the quantity being typed: an HTMX fragment."""
    form = LineForm(request.GET)
    form.is_valid()
    return render(request, "sales/_line_add.html#price", _offer(request, form) | {"line_form": form, "quote": True})


def _offer(request: Request, form: LineForm) -> dict[str, Any]:
    criteria = form.criteria
    available = available_count(criteria=criteria, buyer=buyer_of(request.user), as_of=request.as_of)
    return line_offer(criteria, available, shelf_of(request), form.cleaned_data.get("quantity"))
