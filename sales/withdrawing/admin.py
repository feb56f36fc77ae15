"""Withdrawals in the admin, and the way to them from leads and loads."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join

from homeshield.lib.view_only_admin import ViewOnlyAdmin
from inventory.models import Withdrawal, WithheldLead
from leads.admin import LeadAdmin, LoadAdmin
from leads.models import Lead, Load
from sales.returns.of_loads import returns_of_loads
from sales.withdrawing.forms import WithdrawForm
from sales.withdrawing.pages import WithdrawalPages, may_withdraw, withdraw_page


@admin.register(Withdrawal)
class WithdrawalAdmin(ViewOnlyAdmin, WithdrawalPages):
    change_list_template = "admin/inventory/withdrawal/change_list.html"
    change_form_template = "admin/inventory/withdrawal/change_form.html"

    list_display = ("id", "withdrawn_at_utc", "reason", "load", "many", "withdrawn_by", "state", "note")
    list_filter = ("reason",)
    list_select_related = ("withdrawn_by", "taken_back", "load")
    exact_search_fields = ("id", "leads__lead_id")
    search_help_text = "Search by the exact id of the withdrawal or of a lead."
    fields = ("id", "reason", "load", "note", "many", "withdrawn_at_utc", "withdrawn_by", "state", "taken_back_note")
    readonly_fields = ("id", "many", "state", "taken_back_note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        withdrawals: QuerySet[Withdrawal] = super().get_queryset(request)
        return withdrawals.select_related("taken_back")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_withdraw": may_withdraw(request), **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        withdrawal: Withdrawal | None = options.get("obj")
        context["may_take_back"] = withdrawal is not None and withdrawal.may_be_taken_back and may_withdraw(request)
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="leads")
    def many(self, withdrawal: Withdrawal) -> int:
        found: int = withdrawal.leads.aggregate(many=Count("lead_id"))["many"]
        return found

    @admin.display(description="state")
    def state(self, withdrawal: Withdrawal) -> str:
        taken_back = withdrawal.if_taken_back
        return f"Taken back {taken_back.taken_back_at_utc:%Y-%m-%d %H:%M} UTC" if taken_back else "In force"

    @admin.display(description="why it was taken back", empty_value="-")
    def taken_back_note(self, withdrawal: Withdrawal) -> str | None:
        taken_back = withdrawal.if_taken_back
        return taken_back.note if taken_back else None


admin.site.unregister([Lead, Load])


@admin.register(Lead)
class WithdrawableLeadAdmin(LeadAdmin):
    """Leads with what only this floor knows: whether they are for sale, and how they are taken out of it."""

    change_form_template = "admin/leads/lead/change_form.html"
    fieldsets = ((None, {"fields": (*LeadAdmin.fieldsets[0][1]["fields"], "standing")}), *LeadAdmin.fieldsets[1:])
    readonly_fields = (*LeadAdmin.readonly_fields, "standing")  # type: ignore[assignment]
    actions = ("withdraw",)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return may_withdraw(request)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        context["may_withdraw"] = may_withdraw(request)
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="withheld", empty_value="no")
    def standing(self, lead: Lead) -> str | None:
        held = WithheldLead.objects.filter(lead=lead).first()
        if held is None:
            return None
        reasons = (("withdrawn", held.withdrawn), ("a later inquiry of the person stands", held.superseded))
        return ", ".join(reason for reason, holds in reasons if holds)

    @admin.action(description="Withdraw the selected leads", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponse:
        """Begins the withdrawal; its own pages ask for the reason and for a confirmation."""
        leads = "\n".join(str(lead) for lead in queryset.values_list("id", flat=True))
        return withdraw_page(self, request, WithdrawForm(initial={"leads": leads}))


@admin.register(Load)
class WithdrawableLoadAdmin(LoadAdmin):
    """Loads with what only this floor knows: their withdrawals, what buyers gave back, and the way to withdraw them."""

    change_form_template = "admin/leads/load/change_form.html"
    list_display = (*LoadAdmin.list_display, "returned")  # type: ignore[assignment]
    fieldsets = (
        (None, {"fields": (*LoadAdmin.fieldsets[0][1]["fields"], "withdrawn", "returns")}),
        *LoadAdmin.fieldsets[1:],
    )
    readonly_fields = (*LoadAdmin.readonly_fields, "withdrawn", "returns")  # type: ignore[assignment]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The returns of all loads on the page are counted at once."""
        shown = super().get_changelist_instance(request)
        counts = returns_of_loads(load.id for load in shown.result_list)
        for load in shown.result_list:
            load.given_back = counts[load.id].accepted
        return shown

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        context["may_withdraw"] = may_withdraw(request)
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="withdrawn", empty_value="no")
    def withdrawn(self, load: Load) -> str | None:
        """Each withdrawal of the whole load. Its leads may have been withdrawn one by one besides."""
        withdrawals = load.withdrawals.select_related("taken_back").order_by("id")
        links = format_html_join(
            "", '<div><a href="{}">{} UTC</a>{}</div>',
            (
                (
                    reverse("admin:inventory_withdrawal_change", args=[one.id]),
                    f"{one.withdrawn_at_utc:%Y-%m-%d %H:%M}",
                    ", taken back" if one.if_taken_back else "",
                )
                for one in withdrawals
            ),
        )  # fmt: skip
        return links or None

    @admin.display(description="returned")
    def returned(self, load: Load) -> int:
        return int(load.given_back)  # type: ignore[attr-defined]

    @admin.display(description="returns")
    def returns(self, load: Load) -> str:
        return returns_of_loads([load.id])[load.id].told
