"""Discounts and clients' own prices, with what they were (pages.py)."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.http import HttpRequest

from homeshield.accounts.models import Client
from homeshield.lib.http import Request
from homeshield.lib.view_only_admin import as_uuid
from pricing.dated import DatedQuerySet
from pricing.discounts.forms import ClientPriceForm, DiscountForm
from pricing.discounts.models import ClientPrice, DiscountRule
from pricing.discounts.pages import DatedPages
from pricing.discounts.services import client_price_set, discount_set


class StateFilter(admin.SimpleListFilter):
    """Past, in force or future."""

    title = "status"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("in-force", "In force"), ("future", "Future"), ("past", "Past")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        as_of = cast("Request", request).as_of
        match self.value():
            case "in-force":
                return cast("DatedQuerySet[Any]", queryset).in_force(as_of)
            case "future":
                return queryset.filter(effective_from_utc__gt=as_of)
            case "past":
                return queryset.filter(effective_until_utc__lte=as_of)
        return queryset


class WithState(DatedPages):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        as_of = Value(cast("Request", request).as_of, output_field=DateTimeField())
        rows: QuerySet[Any] = super().get_queryset(request).annotate(as_of=as_of)
        return rows

    @admin.display(description="status")
    def state(self, row: Any) -> str:
        return str(row.status(row.as_of))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A client by its id too."""
        if key := as_uuid(search_term):
            return queryset.filter(Q(client_id=key) | Q(pk=key)), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(DiscountRule)
class DiscountRuleAdmin(WithState):
    form_class = DiscountForm
    set_service = staticmethod(discount_set)
    add_title = "Set a discount"
    list_display = (
        "name", "percent", "least_leads", "for_whom", "code", "state", "effective_from_utc", "effective_until_utc",
    )  # fmt: skip
    list_filter = (StateFilter,)
    list_select_related = ("client",)
    ordering = ("-effective_from_utc", "-id")
    search_fields = ("name", "code__iexact", "client__name")
    search_help_text = "Search by name, whole code, the company's name or its id."
    fields = (*list_display, "created_by", "created_at_utc")
    readonly_fields = fields

    @admin.display(description="percent off", ordering="percentage")
    def percent(self, rule: DiscountRule) -> str:
        return rule.facts.percent_label

    @admin.display(description="for")
    def for_whom(self, rule: DiscountRule) -> str:
        return named(rule.client) if rule.client else "All clients"


@admin.register(ClientPrice)
class ClientPriceAdmin(WithState):
    form_class = ClientPriceForm
    set_service = staticmethod(client_price_set)
    add_title = "Set a client's own price"
    list_display = (
        "client", "classification", "age_bucket", "amount", "state", "effective_from_utc", "effective_until_utc",
    )  # fmt: skip
    list_display_links = ("amount",)
    list_filter = (StateFilter, "classification", "age_bucket")
    list_select_related = ("client",)
    search_fields = ("client__name",)
    search_help_text = "Search by the company's name or its id."
    fields = (*list_display, "created_by", "created_at_utc")
    readonly_fields = fields


def named(client: Client) -> str:
    return client.name
