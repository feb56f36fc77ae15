"""The page of automatic top-up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.billing.payments.errors import NoCardPayments, PaymentRefused, StripeAway, StripeSaysNo, TopUpNotSet
from homeshield.billing.payments.forms import TopUpForm
from homeshield.billing.payments.stripe_api import stripe_is_on
from homeshield.billing.payments.top_ups import MOST_A_DAY, card_begin, top_up_of, top_up_set, top_up_switch_off
from homeshield.billing.payments.views import SeeOther
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request


@requires(Act.PAY_IN)
@limited("pay")
@require_http_methods(["GET", "HEAD", "POST"])
def top_up_show(request: Request) -> HttpResponse:
    """Shows and changes it. Without a card, the browser goes on to Stripe's page, which saves one."""
    assert request.user.client_id is not None
    if request.method != "POST" or not stripe_is_on():
        return _page(request)
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        top_up = top_up_set(client_id=request.user.client_id, **form.cleaned_data, by=request.user, as_of=request.as_of)
    except PaymentRefused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(request, form, status=422)
    if not top_up.card_id:
        return _to_stripe(request)
    messages.success(request, "Saved. Automatic top-up is on.")
    return redirect("billing:top-up-show")


@requires(Act.PAY_IN)
@limited("pay")
@require_POST
def top_up_card(request: Request) -> HttpResponse:
    """Goes to Stripe's page for another card."""
    return _to_stripe(request)


@requires(Act.PAY_IN)
@require_POST
def top_up_off(request: Request) -> HttpResponse:
    """Switches it off."""
    assert request.user.client_id is not None
    top_up_switch_off(client_id=request.user.client_id, by=request.user, as_of=request.as_of)
    messages.success(request, "Automatic top-up is off.")
    return redirect("billing:top-up-show")


def _to_stripe(request: Request) -> HttpResponse:
    assert request.user.client_id is not None
    here = request.build_absolute_uri(reverse("billing:top-up-show"))
    try:
        checkout = card_begin(client_id=request.user.client_id, back_to=f"{here}?saved=1", cancel_to=here)
    except (NoCardPayments, StripeAway, StripeSaysNo, TopUpNotSet) as refusal:
        return _page(request, status=refusal.status, refusal=refusal)
    return SeeOther(checkout.url)


def _page(
    request: Request, form: TopUpForm | None = None, *, status: int = 200, refusal: DomainError | None = None
) -> HttpResponse:
    """HTMX asks for the state alone, after the browser came back from Stripe."""
    assert request.user.client_id is not None
    top_up = top_up_of(request.user.client_id)
    initial = {"threshold": top_up.threshold, "amount": top_up.amount} if top_up else {}
    context = {
        "form": form or TopUpForm(initial=initial),
        "top_up": top_up,
        "refusal": refusal,
        "takes_cards": stripe_is_on(),
        "most_a_day": MOST_A_DAY,
        "waits": request.GET.get("saved") == "1" and not (top_up and top_up.card_id),
    }
    fragment = "#state" if request.htmx and request.method == "GET" else ""
    return render(request, f"billing/top_up.html{fragment}", context, status=status)
