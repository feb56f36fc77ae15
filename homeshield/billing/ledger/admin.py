"""Clients' accounts in the admin: to look at, to grant credit, to adjust and to reverse. All of it is on record."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from homeshield.accounts.models import Client
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.ledger.csv_rows import STAFF_HEADER, all_rows, ledger_csv
from homeshield.billing.ledger.forms import AdjustmentForm, CreditLimitForm, ReversalForm
from homeshield.billing.ledger.kinds import REVERSIBLE
from homeshield.billing.ledger.models import ClientAccount, LedgerTransaction
from homeshield.billing.ledger.selectors import ledger_page
from homeshield.billing.ledger.services import credit_limit_set, ledger_adjust, ledger_reverse
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from homeshield.lib.view_only_admin import ViewOnlyAdmin, as_uuid

FOUND_BY_NAME = 50
"""How many companies a search by name takes into account."""


@admin.register(ClientAccount)
class ClientAccountAdmin(ViewOnlyAdmin):
    change_list_template = "admin/billing/clientaccount/change_list.html"
    change_form_template = "admin/billing/clientaccount/change_form.html"

    list_display = ("client", "balance", "limit", "entries")
    list_select_related = ("client",)
    ordering = ("-client_id",)
    exact_search_fields = ("client_id",)
    search_help_text = "Search by the client's exact id, or by the company's name."
    fields = ("client", "balance", "limit", "entries", "adopted_at_utc")
    readonly_fields = ("limit",)

    @admin.display(description="credit limit (USD)")
    def limit(self, account: ClientAccount) -> str:
        return "on account" if account.credit_limit is None else f"{account.credit_limit:,.2f}"

    def search(self, term: str) -> Q:
        if as_uuid(term):
            return super().search(term)
        named = Client.objects.filter(name__icontains=term).values_list("id", flat=True)[:FOUND_BY_NAME]
        return Q(client__in=list(named))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("ledger.csv", wrap(self.csv_view), name="billing_clientaccount_csv"),
            path("<uuid:client_id>/credit-limit/", wrap(self.credit_limit_view), name="billing_clientaccount_credit"),
            path("<uuid:client_id>/adjust/", wrap(self.adjust_view), name="billing_clientaccount_adjust"),
            path(
                "<uuid:client_id>/reverse/<uuid:transaction_id>/",
                wrap(self.reverse_view),
                name="billing_clientaccount_reverse",
            ),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        account: ClientAccount | None = options.get("obj")
        if account is not None:
            context["page"] = ledger_page(client_id=account.client_id, cursor=request.GET.get("cursor"))
            context["changes"] = account.client.credit_limit_changes.select_related("changed_by")[:10]
        context["may_act"] = _may_act(request)
        context["reversible"] = REVERSIBLE
        return super().render_change_form(request, context, *args, **options)

    def credit_limit_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Grants credit, or takes it back."""
        account = _account(request, client_id)
        form = CreditLimitForm(request.POST or None, initial={"credit_limit": account.credit_limit})

        def act() -> str:
            credit_limit_set(client_id=client_id, by=_who(request), as_of=_as_of(request), **form.cleaned_data)
            return "The credit limit was changed."

        note = "An order that is being paid comes first. What is owed already stays owed."
        return self._act(request, account, form, act, title="Change the credit limit", button="Change", note=note)

    def adjust_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Adds to a balance or takes from it, with a reason that the client sees."""
        account = _account(request, client_id)
        form = AdjustmentForm(request.POST or None)

        def act() -> str:
            amount, reason, once = form.signed_amount, form.cleaned_data["reason"], form.cleaned_data["once"]
            ledger_adjust(
                client_id=client_id, amount=amount, reason=reason, once=once, by=_who(request), as_of=_as_of(request)
            )
            return f"The balance was adjusted by {dollars(amount)}."

        note = "For money that has arrived, record a payment instead. An adjustment may take the balance below zero."
        return self._act(request, account, form, act, title="Adjust the balance", button="Adjust", note=note)

    def reverse_view(self, request: HttpRequest, client_id: UUID, transaction_id: UUID) -> HttpResponse:
        """Books the opposite of a transaction."""
        account = _account(request, client_id)
        made = get_object_or_404(LedgerTransaction, id=transaction_id, client_id=client_id)
        form = ReversalForm(request.POST or None)

        def act() -> str:
            reason = form.cleaned_data["reason"]
            ledger_reverse(transaction_id=made.id, reason=reason, by=_who(request), as_of=_as_of(request))
            return "The transaction was reversed."

        moved = made.legs.get(account="client").amount
        named = f", “{made.reference}”" if made.reference else ""
        note = f"{made.get_kind_display()} of {dollars(moved)}{named}. Its opposite is booked, once."
        return self._act(request, account, form, act, title="Reverse a transaction", button="Reverse", note=note)

    def csv_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """The ledger of all clients."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        audit_record(action=AuditAction.LEDGER_DOWNLOAD, as_of=_as_of(request), details={"clients": "all"})
        return ledger_csv(STAFF_HEADER, all_rows(), as_of=_as_of(request))

    def _act(
        self, request: HttpRequest, account: ClientAccount, form: Form, act: Callable[[], str], **context: str
    ) -> HttpResponse:
        """Shows the form, or acts and says what was done. A refusal is shown above the form."""
        refusal = None
        if form.is_valid():
            try:
                self.message_user(request, act(), messages.SUCCESS)
            except DomainError as error:
                refusal = error
            else:
                return redirect("admin:billing_clientaccount_change", account.client_id)
        context |= {"subtitle": str(account.client)}
        everything = {
            **self.admin_site.each_context(request), **context, "account": account, "form": form, "opts": self.opts,
            "refusal": refusal,
        }  # fmt: skip
        status = refusal.status if refusal else 422 if form.errors else 200
        return TemplateResponse(request, "admin/billing/clientaccount/act.html", everything, status=status)


def _may_act(request: HttpRequest) -> bool:
    return request.user.has_perm("billing.change_clientaccount")


def _account(request: HttpRequest, client_id: UUID) -> ClientAccount:
    """Raises PermissionDenied, Http404."""
    if not _may_act(request):
        raise PermissionDenied
    return get_object_or_404(ClientAccount.objects.select_related("client"), client_id=client_id)


def _as_of(request: HttpRequest) -> Any:
    return cast("Request", request).as_of


def _who(request: HttpRequest) -> Any:
    return cast("Request", request).user
