"""The page on which an owner asks for a refund."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.billing.payments.errors import NothingToRefund, PaymentRefused, RefundWaits
from homeshield.billing.payments.forms import RefundForm
from homeshield.billing.payments.refund_models import RefundRequest
from homeshield.billing.payments.refunds import refund_ask, refundable
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars

SHOWN = 20
"""Requests on the page, the newest first."""


@requires(Act.PAY_IN)
@limited("pay")
@require_http_methods(["GET", "HEAD", "POST"])
def refund_new(request: Request) -> HttpResponse:
    """Asks staff for what was paid in and is unspent, and shows what was asked for before."""
    assert request.user.client_id is not None
    if request.method != "POST":
        return _page(request, RefundForm())
    form = RefundForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        asked = refund_ask(
            client_id=request.user.client_id, amount=form.cleaned_data["amount"], by=request.user, as_of=request.as_of
        )
    except PaymentRefused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(request, form, status=422)
    except (NothingToRefund, RefundWaits) as refusal:
        return _page(request, form, status=refusal.status, refusal=refusal)
    messages.success(request, f"We got your request for {dollars(asked.amount)}. You’ll get an email.")
    return redirect("billing:refund-new")


def _page(request: Request, form: RefundForm, *, status: int = 200, refusal: DomainError | None = None) -> HttpResponse:
    client_id = request.user.client_id
    assert client_id is not None
    context = {
        "form": form,
        "refusal": refusal,
        "most": refundable(client_id),
        "requests": RefundRequest.objects.filter(client_id=client_id).prefetch_related("refunds")[:SHOWN],
    }
    return render(request, "billing/refund_new.html", context, status=status)
