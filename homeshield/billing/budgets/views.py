from decimal import Decimal
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from homeshield.accounts.access import requires
from homeshield.accounts.models import ApiKey, User
from homeshield.accounts.permissions import Act
from homeshield.billing.budgets.selectors import budgets_of
from homeshield.billing.budgets.services import budget_set
from homeshield.billing.ledger.forms import dollars_field
from homeshield.lib.http import Request
from homeshield.lib.money import dollars


class BudgetForm(forms.Form):
    amount = dollars_field(
        "Budget a month",
        least=Decimal(0),
        required=False,
        help_text="In dollars, for each calendar month in UTC. Empty: no limit. 0: nothing can be bought.",
    )


@requires(Act.BUDGETS)
@require_http_methods(["GET", "HEAD", "POST"])
def user_budget(request: Request, user_id: UUID) -> HttpResponse:
    """What a user may spend. 404 for a user of another company."""
    assert request.user.client_id is not None
    found = User.objects.filter(id=user_id, client_id=request.user.client_id).first()
    if found is None:
        raise Http404
    return _page(request, of=found.email, back="accounts:team-show", user_id=user_id)


@requires(Act.BUDGETS)
@require_http_methods(["GET", "HEAD", "POST"])
def key_budget(request: Request, key_id: UUID) -> HttpResponse:
    """What an API key may spend. 404 for a key of another company."""
    assert request.user.client_id is not None
    found = ApiKey.objects.filter(id=key_id, client_id=request.user.client_id).first()
    if found is None:
        raise Http404
    return _page(request, of=f"the key “{found.name}”", back="accounts:key-list", key_id=key_id)


def _page(request: Request, *, of: str, back: str, **whose: UUID) -> HttpResponse:
    client_id = request.user.client_id
    assert client_id is not None
    [key] = whose.values()
    spending = budgets_of(client_id, as_of=request.as_of).get(key)
    form = BudgetForm(request.POST or None, initial={"amount": spending.amount if spending else None})
    if request.method == "POST" and form.is_valid():
        amount = form.cleaned_data["amount"]
        budget_set(client_id=client_id, amount=amount, as_of=request.as_of, **whose)
        said = "no limit" if amount is None else f"{dollars(amount)} a month"
        messages.success(request, f"The budget of {of} is now {said}.")
        return redirect(back)
    context = {"form": form, "of": of, "back": back, "spending": spending}
    return render(request, "billing/budget.html", context, status=422 if form.errors else 200)
