"""The pages on which a company pays in."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.billing.ledger.selectors import balance_of
from homeshield.billing.payments.amounts import PAY_IN_LEAST
from homeshield.billing.payments.errors import NoCardPayments, PaymentRefused, StripeAway, StripeSaysNo
from homeshield.billing.payments.forms import PayInForm
from homeshield.billing.payments.models import Payment, PaymentStatus
from homeshield.billing.payments.services import own_path, payment_of, payment_start, transfer_code
from homeshield.billing.payments.stripe_api import stripe_is_on
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from homeshield.lib.numbers import NotANumber, read_number


class SeeOther(HttpResponseRedirect):
    """After a form: the browser asks for the other page with GET."""

    status_code = 303


@requires(Act.PAY_IN)
@limited("pay")
@require_http_methods(["GET", "HEAD", "POST"])
def payment_new(request: Request) -> HttpResponse:
    """Asks how much, and sends the browser to Stripe's page; or says how to transfer."""
    if request.method != "POST":
        asked = {"amount": _at_least(request.GET.get("amount", "")), "next": own_path(request.GET.get("next", ""))}
        return _pay_in_page(request, PayInForm(initial=asked))
    form = PayInForm(request.POST)
    if not form.is_valid():
        return _pay_in_page(request, form, status=422)
    assert request.user.client_id is not None
    return_to = own_path(form.cleaned_data["next"])
    try:
        checkout = payment_start(
            client_id=request.user.client_id,
            amount=form.cleaned_data["amount"],
            return_to=return_to,
            by=request.user,
            link_of=lambda payment_id: _absolute(request, reverse("billing:payment-show", args=[payment_id])),
            cancel_to=_absolute(request, _pay_in_address(form.cleaned_data["amount"], return_to)),
            as_of=request.as_of,
        )
    except PaymentRefused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _pay_in_page(request, form, status=422)
    except (NoCardPayments, StripeAway, StripeSaysNo) as refusal:
        return _pay_in_page(request, form, status=refusal.status, refusal=refusal)
    return SeeOther(checkout.url)


@requires(Act.PAY_IN)
@require_safe
def payment_show(request: Request, payment_id: UUID) -> HttpResponse:
    """Where Stripe sends the browser back to. It asks for itself until the money is in, then goes on."""
    assert request.user.client_id is not None
    payment = payment_of(client_id=request.user.client_id, payment_id=payment_id)
    onward = own_path(payment.return_to) or reverse("home")
    if payment.status == PaymentStatus.PAID and payment.return_to:
        messages.success(request, f"{dollars(payment.amount)} is in your balance.")
        return HttpResponseClientRedirect(onward) if request.htmx else redirect(onward)
    context = {
        "payment": payment,
        "account": balance_of(payment.client_id),
        "onward": onward,
        "again": _pay_in_address(payment.amount, payment.return_to),
    }
    return render(request, f"billing/payment_show.html{'#payment' if request.htmx else ''}", context)


def _pay_in_page(
    request: Request, form: PayInForm, *, status: int = 200, refusal: DomainError | None = None
) -> HttpResponse:
    client_id = request.user.client_id
    assert client_id is not None
    context: dict[str, Any] = {
        "form": form,
        "refusal": refusal,
        "account": balance_of(client_id),
        "takes_cards": stripe_is_on(),
        "transfer_details": settings.BANK_TRANSFER_DETAILS,
        "transfer_code": transfer_code(client_id),
        "asked": form.asked,
        "onward": (onward := own_path(str(form["next"].value() or ""))),
        "to_cart": onward == reverse("sales:draft-show"),
        "on_its_way": Payment.objects.filter(client_id=client_id, status=PaymentStatus.PROCESSING),
    }
    return render(request, "billing/payment_new.html", context, status=status)


def _at_least(asked: str) -> str:
    """The amount that a link asks for. One that is too small to be paid is raised to the least."""
    try:
        amount = read_number(asked)
    except NotANumber:
        return asked[:20]
    return f"{PAY_IN_LEAST}" if amount < PAY_IN_LEAST else asked[:20]


def _pay_in_address(amount: Decimal, return_to: str) -> str:
    return f"{reverse('billing:payment-new')}?{urlencode({'amount': str(amount), 'next': return_to})}"


def _absolute(request: Request, path: str) -> str:
    return request.build_absolute_uri(path)
