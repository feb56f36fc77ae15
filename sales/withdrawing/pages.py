"""The pages on which staff withdraw leads and take that back. Each asks first, and shows what it would do."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from inventory.models import Withdrawal
from inventory.withholding.errors import WithdrawalRefused
from inventory.withholding.models import Reason
from inventory.withholding.services import Withdrawn, leads_withdraw, load_withdraw, withdrawal_take_back
from sales.withdrawing.forms import MOST_DIGITS, MOST_LEADS, TakeBackForm, WithdrawForm
from sales.withdrawing.selectors import Effect, leads_withdrawal_effect, load_withdrawal_effect

PAGE = "admin:inventory_withdrawal_change"


class WithdrawalPages(admin.ModelAdmin):  # type: ignore[type-arg]
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("withdraw/", view(self.withdraw_view), name="inventory_withdrawal_withdraw"),
            path("<uuid:withdrawal_id>/take-back/", view(self.take_back_view), name="inventory_withdrawal_take_back"),
            *super().get_urls(),
        ]

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return may_withdraw(request)

    # --- Withdraw ---

    def withdraw_view(self, request: HttpRequest) -> HttpResponse:
        """Asks what to withdraw, then whether that is meant, and does it."""
        if not may_withdraw(request):
            raise PermissionDenied
        request = cast("Request", request)
        if request.method != "POST":
            return withdraw_page(self, request, WithdrawForm(initial=_named(request)))
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return withdraw_page(self, request, form, status=422)
        if "_edit" in request.POST:
            return withdraw_page(self, request, form)
        try:
            if "_confirm" not in request.POST:
                return self._confirmation_page(request, form)
            done = _withdraw(form.cleaned_data, request)
        except WithdrawalRefused as refusal:
            form.add_error(refusal.field, refusal.message)
            return withdraw_page(self, request, form, status=422)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return withdraw_page(self, request, form, status=422)
        leads = "One lead is" if done.leads == 1 else f"{done.leads:,} leads are"
        self.message_user(request, f"{leads} withdrawn.", messages.SUCCESS)
        return redirect(PAGE, done.withdrawal_id)

    def _confirmation_page(self, request: Request, form: WithdrawForm) -> HttpResponse:
        said = form.cleaned_data
        effect = _effect(said, request)
        if not effect.leads:
            form.add_error(None, "There is nothing of that name to withdraw.")
            return withdraw_page(self, request, form, status=422)
        context = {
            "title": "Confirm the withdrawal",
            "effect": effect,
            "named": len(said["leads"]),
            "load": said["load"],
            "reason": said["reason"],
            "note": said["note"],
            "sent": [(name, form.data.get(name, "")) for name in form.fields],
        }
        return staff_page(self, request, "withdraw_confirm", context)

    # --- Take back ---

    def take_back_view(self, request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
        """Shows what a withdrawal withholds, asks for a note, and takes it back."""
        if not may_withdraw(request):
            raise PermissionDenied
        request = cast("Request", request)
        withdrawal = get_object_or_404(Withdrawal, id=withdrawal_id)
        form = TakeBackForm(request.POST or None)
        if form.is_valid():
            try:
                withdrawal_take_back(
                    withdrawal_id=withdrawal.id, note=form.cleaned_data["note"], by_id=request.user.id,
                    as_of=request.as_of,
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                self.message_user(request, "The withdrawal is taken back.", messages.SUCCESS)
                return redirect(PAGE, withdrawal.id)
        context = {
            "title": "Take the withdrawal back",
            "withdrawal": withdrawal,
            "leads": withdrawal.leads.count(),
            "form": form,
        }
        return staff_page(self, request, "take_back", context, status=422 if form.errors else 200)


def may_withdraw(request: HttpRequest) -> bool:
    return request.user.has_perm("inventory.add_withdrawal")


def withdraw_page(
    site: "admin.ModelAdmin[Any]", request: HttpRequest, form: WithdrawForm, *, status: int = 200
) -> HttpResponse:
    """The form, also where an action of another list begins a withdrawal."""
    return staff_page(site, request, "withdraw", {"title": "Withdraw leads", "form": form}, status=status)


def staff_page(
    site: "admin.ModelAdmin[Any]", request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    whole = {**site.admin_site.each_context(request), "opts": Withdrawal._meta, **context}
    return TemplateResponse(request, f"admin/inventory/withdrawal/{name}.html", whole, status=status)


def _named(request: HttpRequest) -> dict[str, str]:
    """What the address names, as the pages of a lead and of a load link here."""
    leads = [text[:40] for text in request.GET.getlist("lead")[:MOST_LEADS]]
    load = request.GET.get("load", "")[:MOST_DIGITS]
    return {"leads": "\n".join(leads), "load": load, "reason": str(Reason.BAD_LOAD) if load else ""}


def _effect(said: dict[str, Any], request: Request) -> Effect:
    if said["load"] is not None:
        return load_withdrawal_effect(load_id=said["load"], as_of=request.as_of)
    return leads_withdrawal_effect(lead_ids=said["leads"], reason=said["reason"], as_of=request.as_of)


def _withdraw(said: dict[str, Any], request: Request) -> Withdrawn:
    who = {"note": said["note"], "by_id": request.user.id, "as_of": request.as_of}
    if said["load"] is not None:
        return load_withdraw(load_id=said["load"], **who)
    return leads_withdraw(lead_ids=said["leads"], reason=said["reason"], **who)
