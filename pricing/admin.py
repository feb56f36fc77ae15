"""Prices in force and their history. pricing/changing/pages.py writes."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Case, DateTimeField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse

from homeshield.lib.http import Request
from leads.age import AgeBucket
from pricing.changing.pages import ChangePages
from pricing.discounts.admin import ClientPriceAdmin, DiscountRuleAdmin, StateFilter
from pricing.models import PriceRule
from pricing.selectors import price_table, rules_not_over

__all__ = ["ClientPriceAdmin", "DiscountRuleAdmin", "PriceRuleAdmin"]

YOUNGEST_FIRST = Case(*(When(age_bucket=str(bucket), then=number) for number, bucket in enumerate(AgeBucket)))


@admin.register(PriceRule)
class PriceRuleAdmin(ChangePages):
    change_list_template = "admin/pricing/pricerule/change_list.html"
    list_display = (
        "classification", "age_bucket", "amount", "state", "effective_from_utc", "effective_until_utc", "created_by",
    )  # fmt: skip
    list_display_links = ("amount",)
    list_filter = (StateFilter, "classification", "age_bucket")
    list_select_related = ("created_by",)
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    ordering = ("classification", YOUNGEST_FIRST, "-effective_from_utc")
    search_fields = ("classification", "amount__exact", "created_by__email")
    search_help_text = "Search by class, exact amount, or the email address of who entered it."
    fields = (*list_display, "created_at_utc")
    readonly_fields = fields
    actions = None
    actions_on_top = True

    def has_change_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        """Deleting means withdrawing, so only future rules."""
        future = obj is not None and obj.status(cast("Request", request).as_of) == "future"
        return future and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRule]:
        rules: QuerySet[PriceRule] = super().get_queryset(request)
        return rules.annotate(as_of=Value(cast("Request", request).as_of, output_field=DateTimeField()))

    @admin.display(description="status")
    def state(self, rule: PriceRule) -> str:
        return rule.status(rule.as_of)  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        as_of = cast("Request", request).as_of
        prices = price_table(rules_not_over(as_of), as_of)
        return super().changelist_view(request, {"title": "Prices", "prices": prices, **(extra_context or {})})
