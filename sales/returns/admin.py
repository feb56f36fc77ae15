"""Returns in the admin: all of them, and the screen on which staff decide those that wait."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from homeshield.lib.view_only_admin import ViewOnlyAdmin
from sales.returns.errors import ReturnDecided, ReturnsBusy, WordMissing
from sales.returns.forms import DecisionForm
from sales.returns.models import Return, ReturnReason, ReturnStatus
from sales.returns.review import return_review
from sales.returns.services import return_decide

QUEUE = "?status__exact=waiting"


@admin.register(Return)
class ReturnAdmin(ViewOnlyAdmin):
    change_list_template = "admin/returns/change_list.html"
    change_form_template = "admin/returns/change_form.html"
    list_display = ("asked_at_utc", "client", "reason", "paid", "status", "decided_at_utc", "decided_by")
    list_select_related = ("client", "decided_by")
    list_filter = ("status", "reason")
    exact_search_fields = ("id", "client_id", "sale_id")
    search_help_text = "Search by the exact id of the return, of the client or of the sale."
    fields = (
        "id", "client", "sale", "reason", "amount", "status", "asked_at_utc", "asked_by", "asked_with",
        "decided_at_utc", "decided_by", "word", "withdrawal", "mailed_at_utc", "read_at_utc",
    )  # fmt: skip
    readonly_fields = ("id",)

    @admin.display(description="paid", ordering="amount")
    def paid(self, row: Return) -> str:
        return dollars(row.amount)

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        return [path("<uuid:return_id>/decide/", decide, name="sales_return_decide"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        waiting = Return.objects.filter(status=ReturnStatus.WAITING).order_by("asked_at_utc", "id")
        context = {
            "waiting": waiting.count(),
            "longest": waiting.first() if self.may_decide(request) else None,
            "queue": QUEUE,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        one = context.get("original")
        context["may_decide"] = self.may_decide(request) and one is not None and one.status == ReturnStatus.WAITING
        return super().render_change_form(request, context, *args, **options)

    def may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["sales.change_return", "leads.view_lead"])

    def decide_view(self, request: HttpRequest, return_id: UUID) -> HttpResponse:
        """Shows a return with all that is known about it, and decides it."""
        if not self.may_decide(request):
            raise PermissionDenied
        request = cast("Request", request)
        one = get_object_or_404(Return.objects.select_related("sale", "client", "asked_by", "asked_with"), id=return_id)
        form = DecisionForm(request.POST or None)
        if one.status == ReturnStatus.WAITING and form.is_valid():
            decision = request.POST.get("decision")
            if decision not in {"accept", "refuse"}:
                form.add_error(None, "Accept the return, or refuse it.")
            elif self._decided(request, one, form, accept=decision == "accept"):
                return redirect(f"{reverse('admin:sales_return_changelist')}{QUEUE}")
        elif one.status != ReturnStatus.WAITING:
            self.message_user(request, ReturnDecided().message, messages.WARNING)
            return redirect("admin:sales_return_change", one.id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Decide on a return",
            "opts": self.opts,
            "one": one,
            "review": return_review(one, as_of=request.as_of),
            "form": form,
            "suggests_opt_out": one.reason == ReturnReason.NEVER_ASKED
            and request.user.has_perms(["leads.add_optout", "leads.view_lead"]),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/returns/decide.html", context, status=status)

    def _decided(self, request: Request, one: Return, form: DecisionForm, *, accept: bool) -> bool:
        try:
            done = return_decide(
                return_id=one.id, accept=accept, word=form.cleaned_data["word"], by_id=request.user.id,
                as_of=request.as_of,
            )  # fmt: skip
        except WordMissing as refusal:
            form.add_error("word", refusal.message)
            return False
        except (ReturnDecided, ReturnsBusy) as refusal:
            form.add_error(None, refusal.message)
            return False
        self.message_user(request, f"{done.get_status_display()}. The buyer is told.", messages.SUCCESS)
        return True
