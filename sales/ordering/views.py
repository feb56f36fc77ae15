from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from sales.cart.forms import BuyForm, QuantitiesForm
from sales.cart.services import draft_quantities_take_over
from sales.cart.views import draft_action, draft_page
from sales.errors import DraftChanged
from sales.ordering.services import order_place_draft


@requires(Act.BUY)
@limited("purchase")
@draft_action
def draft_buy(request: Request) -> HttpResponse:
    """Buys the order once, as the page showed it. Quantities just typed come first, and their new total is shown before
    buying.
    """
    form, typed = BuyForm(request.POST), QuantitiesForm(request.POST)
    if not form.is_valid():
        raise DraftChanged
    shown = {name: form.cleaned_data[name] for name in ("draft_id", "version")}
    is_new = draft_quantities_take_over(
        user=request.user, quantities=typed.quantities, seen_at=typed.seen_at(request.as_of), **shown
    )
    if typed.wrong:
        return draft_page(request, status=422, wrong=typed.wrong, to_wrong=True)
    if is_new:
        return draft_page(request, status=409, confirm=True)
    order = order_place_draft(user=request.user, shown_prices=typed.prices, **form.cleaned_data)
    messages.success(
        request, f"You bought {order.quantity:,} lead{'s' * (order.quantity != 1)} for {dollars(order.total)}."
    )
    address = reverse("sales:order-show", args=[order.id])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
