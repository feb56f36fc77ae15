from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import reswap, retarget

from homeshield.accounts.access import requires
from homeshield.accounts.errors import PreviewsUsed
from homeshield.accounts.permissions import Act
from homeshield.compression import compressible
from homeshield.lib.http import Request
from homeshield.lib.keyset import BadCursor
from inventory.buyer import buyer_of
from inventory.forms import FilterForm
from inventory.listing import MOST_PARTS, previews_page
from inventory.replica_reads import replica_may_answer
from leads.previews import glimpses_of
from pricing.selectors import price_book
from sales.browse.later import LaterView, later_of
from sales.browse.map import Map, stock_map
from sales.browse.preview import preview_table
from sales.browse.selection import LATER, LINES, MAP, PREVIEW, TABLE, Selection, asked_of
from sales.browse.short_places import ShortPlaces, short_places
from sales.browse.window import Shelf, Window, window_of
from sales.cart.forms import LinesForm
from sales.cart.selectors import DraftContents, DraftSummary, draft_contents, draft_summary
from sales.cart.services import Added, draft_lines_add
from sales.cart.views import draft_context, draft_page
from sales.errors import DraftBusy, QuantityOutOfRange, TooManyLines

FILL = 50
"""What "fill each" puts into the boxes unless another number is typed."""

PREVIEWS = 12
"""Leads on a page of the preview."""


@requires(Act.BROWSE)
@vary_on_headers("HX-Request")
@require_safe
@replica_may_answer
@compressible
def record_list(request: Request) -> HttpResponse:
    """The shop window with the cart beside it; for HTMX only what changes.

    `part=numbers` asks for counts and prices alone: the cart has changed.
    """
    query, cursor = asked_of(request.GET), request.GET.get("cursor", "")
    form = FilterForm(query)
    selection = _filled(Selection.of(form, query), _fill_of(request))
    if request.htmx:
        selection = selection.but(typed=())  # the script keeps them
    if form.is_valid() and not request.htmx and _is_of_a_form(request.GET):
        return redirect(selection.address())
    numbers_alone = bool(request.htmx) and request.GET.get("part") == "numbers"
    draft = _draft_beside(request)
    context = _context(request, form, selection, draft=draft)
    if form.is_valid() and selection.tab == PREVIEW and Act.PREVIEW in request.user.acts and not numbers_alone:
        context |= _preview(request, selection, cursor, context["window"])
    if form.is_valid() and selection.tab == LATER and not numbers_alone:
        context["later"] = _later(request, selection, context["window"])
    refused = not form.is_valid() or "cursor_error" in context
    fragment = "" if not request.htmx else "#numbers" if numbers_alone else "#update"
    if draft:
        context = draft_context(request, draft=draft) | context
    response = render(request, f"sales/browse.html{fragment}", context, status=422 if refused else 200)
    if request.htmx and not refused and not numbers_alone:
        response["HX-Push-Url"] = selection.address(**({"cursor": cursor} if cursor else {}))
    return response


def _fill_of(request: Request) -> str:
    """What is to be put into each box; empty if it is not asked for."""
    typed = request.GET.get("fill", "")[:12]
    return typed if typed.isdecimal() else ""


def _filled(selection: Selection, fill: str) -> Selection:
    if not fill:
        return selection
    filled = {place.as_text: fill for place in selection.places}
    return selection.but(typed=tuple((dict(selection.typed) | filled).items()))


def _is_of_a_form(query: QueryDict) -> bool:
    """Whether a form without JavaScript sent this, with its empty fields and its boxes."""
    sent = {"county_of", "set", "box", "quantity"} & query.keys()
    return bool(sent) or any(not value for _, values in query.lists() for value in values)


def _draft_beside(request: Request) -> DraftSummary | None:
    """The cart, where the whole page is asked for. HTMX asks for parts that need its contents alone."""
    if request.htmx or Act.DRAFT not in request.user.acts:
        return None
    return draft_summary(user=request.user, as_of=request.as_of)


def _shelf(request: Request, draft: DraftSummary | None = None) -> Shelf:
    if draft:
        return Shelf(draft.book, draft.contents)
    cart = draft_contents(request.user) if Act.DRAFT in request.user.acts else DraftContents({}, "")
    return Shelf(price_book(client_id=request.user.client_id, as_of=request.as_of, code=cart.code), cart)


def _context(
    request: Request,
    form: FilterForm,
    selection: Selection,
    *,
    draft: DraftSummary | None,
    lines: LinesForm | None = None,
) -> dict[str, Any]:
    shelf = _shelf(request, draft)
    window = window_of(selection, buyer=buyer_of(request.user), shelf=shelf, as_of=request.as_of)
    typed = dict(selection.typed) | (lines.typed if lines else {})
    boxes = [place.as_text for place in selection.places] if selection.tab == LINES else []
    return {
        "form": form,
        "selection": selection,
        "criteria": selection.criteria,
        "window": window,
        "stock": window.stock,
        "price": window.price,
        "lines_of_places": window.lines(typed, lines.wrong if lines else {}),
        "carried": [
            text for (box, _), text in zip(selection.typed, selection.typed_texts, strict=True) if box not in boxes
        ],
        "fill": _fill_of(request) or FILL,
        "address": selection.address(),
        "numbers_address": selection.address(part="numbers"),
        "everything": Selection(view=selection.view, tab=selection.tab, typed=selection.typed).address(),
        "everywhere": selection.at().address(),
        "other_states": selection.opened(None).address() if selection.chosen_counties and selection.state else "",
        "wider": _wider(selection),
        "territory_address": _territory_address(selection),
        "as_map": selection.view == MAP,
        "map": _map(request, selection, window, draft) if selection.view == MAP else None,
        "views": [
            (name, view, selection.but(view=view).address(), selection.view == view)
            for name, view in (("Table", TABLE), ("Map", MAP))
        ],
        "tabs": [
            (name, tab, selection.but(tab=tab).address(), selection.tab == tab)
            for name, tab in (("By place", LINES), ("Preview leads", PREVIEW), ("Cheaper soon", LATER))
        ],
        "leads": shelf.cart.leads,
        "in_cart": shelf.cart.leads,
    }


def _map(request: Request, selection: Selection, window: Window, draft: DraftSummary | None) -> Map:
    if draft:
        short = ShortPlaces([line.shortage for line in draft.lines if line.shortage])
    else:
        cart, book = window.shelf.cart.lines.items(), window.shelf.book
        short = short_places(cart, book=book, buyer=buyer_of(request.user), as_of=request.as_of)
    return stock_map(selection, window.stock, short)


def _wider(selection: Selection) -> list[tuple[str, str]]:
    """Where to look if nothing is left: the whole state, all states."""
    states = selection.chosen_states
    name = "Try the whole state" if len(states) == 1 else "Try the whole states"
    whole = [(name, selection.at(*states).address())] if selection.chosen_counties else []
    return [*whole, *([("Try all states", selection.at().address())] if states else [])]


def _territory_address(selection: Selection) -> str:
    """The page for one line over several places, with what is chosen here."""
    query = [(name, value) for name, value in selection.fields() if name in ("classification", "age_bucket")]
    query += [("state", selection.state)] if selection.state else []
    if selection.chosen_counties or len(selection.states) > 1:
        query.append(("places", "\n".join(place.label for place in selection.places)))
    return f"{reverse('sales:territory-show')}?{urlencode(query)}"


def _preview(request: Request, selection: Selection, cursor: str, window: Window) -> dict[str, Any]:
    buyer, places = buyer_of(request.user), selection.places
    if len(places) > 1 and len(places) * len(selection.criteria.cells) > MOST_PARTS:
        return {"too_many_places": True}
    try:
        found = previews_page(
            criteria=selection.criteria, places=places, buyer=buyer, as_of=request.as_of,
            cursor=cursor or None, limit=PREVIEWS,
        )  # fmt: skip
    except BadCursor as error:
        return {"cursor_error": error.message}
    except PreviewsUsed as refusal:
        return {"previews_used": refusal}
    page = found.page
    glimpses = glimpses_of([record.lead_id for record in page.rows]) if page.rows else {}
    return {
        "few_left": found.left if found.left is not None and found.left < settings.PREVIEWS_PER_DAY / 10 else None,
        "preview": preview_table(page.rows, glimpses, window.shelf.prices),
        "next": page.next_cursor and selection.address(cursor=page.next_cursor),
        "previous": page.previous_cursor and selection.address(cursor=page.previous_cursor),
    }


def _later(request: Request, selection: Selection, window: Window) -> LaterView:
    return later_of(selection, buyer=buyer_of(request.user), shelf=window.shelf, as_of=request.as_of)


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_POST
def line_add(request: Request) -> HttpResponse:
    """Adds a line for each place with a quantity, all or none. Reports errors at the quantities."""
    form = LinesForm(request.POST)
    error = "" if form.lines or form.wrong else "Enter how many leads, in one box at least."
    if not (form.wrong or error):
        try:
            return _lines_added(request, form, draft_lines_add(user=request.user, lines=form.lines))
        except QuantityOutOfRange as refusal:
            error = f"{refusal.message} Your cart may already hold some of these."
        except (TooManyLines, DraftBusy) as refusal:
            error = refusal.message
    return _lines_refused(request, form, error)


def _back(request: Request) -> tuple[FilterForm, Selection]:
    """The page from which this was sent. Without JavaScript its filter comes along."""
    query = QueryDict(request.POST["back"][:8000]) if "back" in request.POST else request.POST
    form = FilterForm(query)
    return form, Selection.of(form, query)


def _lines_added(request: Request, form: LinesForm, added: list[Added]) -> HttpResponse:
    if request.htmx:
        return draft_page(request, added=added)
    leads = sum(one.quantity for one in added)
    what = added[0].criteria.label if len(added) == 1 else f"{len(added)} lines"
    messages.success(request, f"{leads:,} lead{'s' * (leads != 1)} added to your cart: {what}.")
    selection = _back(request)[1]
    left = tuple((place, quantity) for place, quantity in selection.typed if place not in form.typed)
    return redirect(selection.but(typed=left).address())


def _lines_refused(request: Request, lines: LinesForm, error: str) -> HttpResponse:
    form, selection = _back(request)
    draft = _draft_beside(request)
    context = _context(request, form, selection, draft=draft, lines=lines) | {"lines_error": error}
    if draft:
        return render(request, "sales/browse.html", draft_context(request, draft=draft) | context, status=422)
    response = render(request, "sales/_lines.html", context, status=422)
    return reswap(retarget(response, "#lines-box"), "innerHTML")


@requires(Act.DRAFT)
@require_safe
@replica_may_answer
def line_quote(request: Request) -> HttpResponse:
    """Prices the quantities being typed: an HTMX fragment."""
    form, shelf = LinesForm(request.GET), _shelf(request)
    leads = sum(quantity for _, quantity in form.lines)
    prices = shelf.book.for_order(shelf.cart.leads + leads)
    priced = [(prices.find(criteria), quantity) for criteria, quantity in form.lines]
    amounts = [price.unit_price * quantity for price, quantity in priced if price]
    before = [price.list_price * quantity for price, quantity in priced if price]
    context = {
        "quoted": leads,
        "amount": sum(amounts, Decimal("0.00")) if len(amounts) == len(priced) else None,
        "list_amount": sum(before, Decimal("0.00")),
        "reason": next((price.reason for price, _ in priced if price), ""),
        "quote_errors": form.wrong,
        "tiers": list(shelf.book.tiers(shelf.cart.leads + leads)) if leads else [],
    }
    return render(request, "sales/_lines.html#quote", context)
