"""One line over several counties: chosen, pasted, seen before it is added."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from inventory.allocation.preview import PlaceShare, territory_shares
from inventory.buyer import buyer_of
from inventory.counting.reading import available_counts
from inventory.facts.criteria import Demand
from inventory.facts.territory import MAX_PLACES, Share
from inventory.replica_reads import replica_may_answer
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.discounts.prices import Price
from pricing.selectors import price_book
from sales.cart.selectors import draft_contents
from sales.cart.services import draft_line_add
from sales.territories.errors import TerritoryNameTaken
from sales.territories.forms import CountyChoice, NameForm, TerritoryForm
from sales.territories.models import SavedTerritory
from sales.territories.services import territory_remove, territory_rename, territory_save

_BEGIN = {
    "classification": Classification.GOLD.value,
    "age_bucket": AgeBucket.MONTH_3_TO_5.value,
    "quantity": "50",
    "share": Share.EVENLY.value,
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a territory would give now. `price` is that of one lead in the cart with these; None: not for sale."""

    demand: Demand
    shares: list[PlaceShare]
    price: Price | None

    @property
    def rows(self) -> list[tuple[PlaceShare, Decimal | None]]:
        return [(share, self._cost(share.quantity or 0)) for share in self.shares]

    @property
    def given(self) -> int:
        return sum(share.quantity or 0 for share in self.shares)

    @property
    def amount(self) -> Decimal | None:
        """USD."""
        return self._cost(self.given)

    @property
    def is_short(self) -> bool:
        return self.given < self.demand.quantity

    def _cost(self, leads: int) -> Decimal | None:
        return self.price.unit_price * leads if self.price else None


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_safe
@replica_may_answer
def territory_show(request: Request) -> HttpResponse:
    """The form; with places in it, what each gives and costs. Nothing is reserved."""
    data = request.GET.copy()
    for name, value in _BEGIN.items():
        data.setdefault(name, value)
    form = _form(request, data)
    asked = bool(form.data["places"])
    if not asked:
        form.errors.pop("places", None)  # nobody has been asked for them yet
    return _page(request, form, data.get("state", ""), asked=asked)


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_POST
def territory_add(request: Request) -> HttpResponse:
    """Adds the line to the cart, and shows the cart."""
    form = _form(request, request.POST)
    if form.is_valid():
        demand = form.demand
        try:
            draft_line_add(user=request.user, criteria=demand.criteria, quantity=demand.quantity)
        except DomainError as refusal:
            form.add_error("quantity", refusal.message)
        else:
            leads = f"{demand.quantity:,} lead{'s' * (demand.quantity != 1)}"
            messages.success(request, f"{leads} added to your cart: {demand.criteria.label}.")
            cart = reverse("sales:draft-show")
            return HttpResponseClientRedirect(cart) if request.htmx else redirect(cart)
    return _page(request, form, "", asked=True)


@requires(Act.DRAFT)
@require_POST
def territory_keep(request: Request) -> HttpResponse:
    """Saves the places and their share for the company, under a name."""
    form, named = _form(request, request.POST), NameForm(request.POST)
    if form.is_valid() and named.is_valid():
        assert request.user.client_id is not None
        territory = form.demand.criteria.territory
        assert territory is not None
        try:
            saved = territory_save(
                client_id=request.user.client_id, name=named.cleaned_data["name"], territory=territory,
                as_of=request.as_of,
            )  # fmt: skip
        except DomainError as refusal:
            named.add_error("name", refusal.message)
        else:
            messages.success(request, f"“{saved.name}” saved for your company.")
            return redirect(_address(form, saved))
    return _page(request, form, "", asked=True, named=named)


def _address(form: TerritoryForm, saved: SavedTerritory) -> str:
    """The page with the saved territory in it, and what else was chosen."""
    cell = {name: form.data[name] for name in ("classification", "age_bucket", "quantity", "share")}
    query = urlencode({**cell, "places": saved.places_text})
    return f"{reverse('sales:territory-show')}?{query}"


@requires(Act.DRAFT)
@require_POST
def territory_change(request: Request, territory_id: UUID) -> HttpResponse:
    """Renames a saved territory."""
    named = NameForm(request.POST)
    assert request.user.client_id is not None
    try:
        if named.is_valid():
            territory_rename(
                client_id=request.user.client_id, territory_id=territory_id, name=named.cleaned_data["name"],
                as_of=request.as_of,
            )  # fmt: skip
            messages.success(request, f"Now called “{named.cleaned_data['name']}”.")
        else:
            messages.error(request, str(named.errors["name"][0]))
    except TerritoryNameTaken as refusal:
        messages.error(request, refusal.message)
    return redirect("sales:territory-show")


@requires(Act.DRAFT)
@require_POST
def territory_drop(request: Request, territory_id: UUID) -> HttpResponse:
    """Removes a saved territory."""
    assert request.user.client_id is not None
    territory_remove(client_id=request.user.client_id, territory_id=territory_id, as_of=request.as_of)
    messages.success(request, "Territory removed. Lines in carts keep their places.")
    return redirect("sales:territory-show")


def _form(request: Request, data: QueryDict) -> TerritoryForm:
    return TerritoryForm(data, buyer=buyer_of(request.user), saved=_saved(request))


def _saved(request: Request) -> list[SavedTerritory]:
    return list(SavedTerritory.objects.filter(client_id=request.user.client_id)) if request.user.client_id else []


def _page(
    request: Request, form: TerritoryForm, state: str, *, asked: bool, named: NameForm | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "asked": asked,
        "choice": CountyChoice(state, form.data["places"], buyer_of(request.user)),
        "most": MAX_PLACES,
        "saved": _saved(request),
        "named": named or NameForm(),
    }
    if asked and form.is_valid():
        context["preview"] = _preview(request, form.demand)
    fragment = "#territory" if request.htmx else ""
    status = 422 if (asked and form.errors) or (named and named.errors) else 200
    return render(request, f"sales/territory.html{fragment}", context, status=status)


def _preview(request: Request, demand: Demand) -> Preview:
    buyer, as_of = buyer_of(request.user), request.as_of
    counts = available_counts(criteria=demand.criteria.parts, buyer=buyer, as_of=as_of)
    cart = draft_contents(request.user)
    book = price_book(client_id=buyer.client_id, as_of=as_of, code=cart.code)
    return Preview(
        demand,
        territory_shares(demand=demand, counts=counts, buyer=buyer, as_of=as_of),
        book.for_order(cart.leads + demand.quantity).find(demand.criteria),
    )
