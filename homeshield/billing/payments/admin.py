"""Payments in the admin: what came in, transfers to record, refunds to decide on, and what Stripe reported."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from homeshield.audit.recorded_views import RecordedViews
from homeshield.billing.payments.errors import PaymentRefused, RefundDecided, TooMuchToRefund
from homeshield.billing.payments.forms import RefundDecisionForm, TransferForm
from homeshield.billing.payments.models import Payment, PaymentEvent
from homeshield.billing.payments.refund_models import Dispute, Refund, RefundRequest, RequestState
from homeshield.billing.payments.refunds import refund_carry_out, refund_decline, refund_prospect
from homeshield.billing.payments.services import transfer_record
from homeshield.billing.payments.top_up_models import TopUp
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from homeshield.lib.view_only_admin import ViewOnlyAdmin


class OfMoney(ViewOnlyAdmin):
    """A list of amounts, by when they moved: an id in the first column would tell nobody anything."""

    @admin.display(description="amount")
    def usd(self, row: Payment | RefundRequest | Refund | Dispute) -> str:
        return dollars(row.amount)


@admin.register(Payment)
class PaymentAdmin(OfMoney):
    """What clients paid in. Staff record transfers on a page of its own."""

    change_list_template = "admin/billing/payments.html"
    list_display = ("started_at_utc", "client", "usd", "provider", "status", "paid_at_utc", "reference")
    list_filter = ("status", "provider", "automatic")
    list_select_related = ("client",)
    exact_search_fields = ("id", "client_id")
    search_help_text = "Search by the exact id of the payment or of the client."
    fields = (
        "id", "client", "provider", "automatic", "amount", "status", "started_at_utc", "started_by", "paid_at_utc",
        "reference", "session_id", "intent_id", "failure", "told_at_utc", "reversed_at_utc",
    )  # fmt: skip
    readonly_fields = ("id",)

    def get_urls(self) -> list[URLPattern]:
        record = self.admin_site.admin_view(self.record_view)
        return [path("transfer/", record, name="billing_payment_transfer"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_record": self.may_record(request), **(extra_context or {})})

    def may_record(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.add_payment")

    def record_view(self, request: HttpRequest) -> HttpResponse:
        """Records a transfer that has arrived. The client's balance has it at once."""
        if not self.may_record(request):
            raise PermissionDenied
        request = cast("Request", request)
        form = TransferForm(request.POST or None)
        if form.is_valid() and (payment := self._record(request, form)):
            client = form.cleaned_data["client"]
            self.message_user(request, f"{dollars(payment.amount)} recorded for {client}.", messages.SUCCESS)
            return redirect("admin:billing_payment_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Record a transfer",
            "form": form,
            "opts": self.opts,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/billing/transfer.html", context, status=status)

    def _record(self, request: Request, form: TransferForm) -> Payment | None:
        try:
            return transfer_record(
                client_id=form.client_id, amount=form.cleaned_data["amount"],
                reference=form.cleaned_data["reference"], by=request.user, as_of=request.as_of,
            )  # fmt: skip
        except PaymentRefused as refusal:
            form.add_error(refusal.field, refusal.message)
        return None


@admin.register(RefundRequest)
class RefundRequestAdmin(OfMoney):
    """What owners ask to have back."""

    change_form_template = "admin/billing/refund_request.html"
    list_display = ("asked_at_utc", "client", "usd", "state", "decided_at_utc", "decided_by")
    list_filter = ("state",)
    list_select_related = ("client", "decided_by")
    exact_search_fields = ("id", "client_id")
    search_help_text = "Search by the exact id of the request or of the client."
    fields = (
        "id", "client", "amount", "state", "asked_at_utc", "asked_by", "decided_at_utc", "decided_by", "reference",
        "word", "told_at_utc",
    )  # fmt: skip
    readonly_fields = ("id",)

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        name = "billing_refundrequest_decide"
        return [path("<uuid:request_id>/decide/", decide, name=name), *super().get_urls()]

    def may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_refundrequest")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        one = context.get("original")
        context["may_decide"] = self.may_decide(request) and one is not None and one.state == RequestState.WAITING
        return super().render_change_form(request, context, *args, **options)

    def decide_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """Shows over which payments the money would go back; refunds it, or declines."""
        if not self.may_decide(request):
            raise PermissionDenied
        request = cast("Request", request)
        asked = get_object_or_404(RefundRequest.objects.select_related("client", "asked_by"), id=request_id)
        form = RefundDecisionForm(request.POST or None)
        decision = request.POST.get("decision", "")
        if decision in {"refund", "decline"} and form.is_valid() and self._decide(request, asked, form, decision):
            return redirect("admin:billing_refundrequest_change", asked.id)
        return self._decide_page(request, asked, form)

    def _decide(self, request: Request, asked: RefundRequest, form: RefundDecisionForm, decision: str) -> bool:
        given = {"request_id": asked.id, "word": form.cleaned_data["word"], "by": request.user, "as_of": request.as_of}
        try:
            if decision == "refund":
                refund_carry_out(reference=form.cleaned_data["reference"], **given)
            else:
                refund_decline(**given)
        except TooMuchToRefund as refusal:
            form.add_error(None, refusal.message)
        except PaymentRefused as refusal:
            form.add_error(refusal.field, refusal.message)
        except RefundDecided as refusal:
            self.message_user(request, refusal.message, messages.WARNING)
            return True
        else:
            said = "Refunded. The owners are told." if decision == "refund" else "Declined. The owners are told."
            self.message_user(request, said, messages.SUCCESS)
            return True
        return False

    def _decide_page(self, request: Request, asked: RefundRequest, form: RefundDecisionForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Decide on a refund",
            "asked": asked,
            "prospect": refund_prospect(client_id=asked.client_id, amount=asked.amount),
            "form": form,
            "opts": self.opts,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/billing/refund_decide.html", context, status=status)


@admin.register(Refund)
class RefundAdmin(OfMoney):
    """What went back of which payment."""

    list_display = ("made_at_utc", "client", "usd", "status", "failure", "payment_id")
    list_filter = ("status",)
    list_select_related = ("client",)
    exact_search_fields = ("id", "payment_id", "request_id")
    search_help_text = "Search by the exact id of the refund, of its payment or of its request."
    fields = ("id", "client", "payment", "request", "amount", "status", "made_at_utc", "provider_id", "failure")
    readonly_fields = ("id",)


@admin.register(Dispute)
class DisputeAdmin(OfMoney):
    """What a cardholder's bank claims back."""

    list_display = ("opened_at_utc", "client", "usd", "status", "reason", "payment_id")
    list_filter = ("status",)
    list_select_related = ("client",)
    exact_search_fields = ("id", "payment_id")
    search_help_text = "Search by the exact id of the dispute or of its payment."
    fields = ("id", "client", "payment", "amount", "status", "reason", "opened_at_utc", "provider_id")
    readonly_fields = ("id",)


@admin.register(PaymentEvent)
class PaymentEventAdmin(ViewOnlyAdmin):
    """What Stripe reported. Those that disagree with their payment need a look."""

    list_display = ("id", "kind", "outcome", "said", "received_at_utc", "client")
    list_filter = ("outcome",)
    list_select_related = ("client",)
    ordering = ("-received_at_utc", "-id")  # type: ignore[assignment]
    exact_search_fields = ("payment_id",)
    search_help_text = "Search by the exact id of the payment."
    fields = ("id", "kind", "outcome", "said", "received_at_utc", "client", "payment")
    readonly_fields = ("id",)


@admin.register(TopUp)
class TopUpAdmin(RecordedViews, ViewOnlyAdmin):
    """Automatic top-up. Owners set it."""

    list_display = ("client", "state", "threshold", "amount", "changed_at_utc")
    list_filter = ("state",)
    list_select_related = ("client",)
    ordering = ("-client",)
    exact_search_fields = ("client_id",)
    search_help_text = "Search by the exact id of the client."
    fields = (
        "client", "state", "threshold", "amount", "card_label", "changed_at_utc", "changed_by", "paused_after",
        "customer_id",
    )  # fmt: skip
