"""One line over several counties: chosen, pasted, seen before it is added."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
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
from sales.cart.selectors import draft_size
from sales.cart.services import draft_line_add
from sales.territories.forms import CountyChoice, TerritoryForm

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
    form = TerritoryForm(data, buyer=buyer_of(request.user))
    asked = bool(form.data["places"])
    return _page(request, form, data.get("state", ""), asked=asked)


@requires(Act.DRAFT)
@vary_on_headers("HX-Request")
@require_POST
def territory_add(request: Request) -> HttpResponse:
    """Adds the line to the cart, and shows the cart."""
    form = TerritoryForm(request.POST, buyer=buyer_of(request.user))
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


def _page(request: Request, form: TerritoryForm, state: str, *, asked: bool) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "asked": asked,
        "choice": CountyChoice(state, form.data["places"], buyer_of(request.user)),
        "most": MAX_PLACES,
    }
    if asked and form.is_valid():
        context["preview"] = _preview(request, form.demand)
    fragment = "#territory" if request.htmx else ""
    status = 422 if asked and form.errors else 200
    return render(request, f"sales/territory.html{fragment}", context, status=status)


def _preview(request: Request, demand: Demand) -> Preview:
    buyer, as_of = buyer_of(request.user), request.as_of
    counts = available_counts(criteria=demand.criteria.parts, buyer=buyer, as_of=as_of)
    in_cart, code = draft_size(request.user)
    book = price_book(client_id=buyer.client_id, as_of=as_of, code=code)
    return Preview(
        demand,
        territory_shares(demand=demand, counts=counts, buyer=buyer, as_of=as_of),
        book.for_order(in_cart + demand.quantity).find(demand.criteria),
    )
