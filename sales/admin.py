"""Orders and sales in the admin: final, so to look at and to find."""

from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html

from homeshield.accounts.models import ApiKey, Client
from homeshield.lib.view_only_admin import ViewOnly, ViewOnlyAdmin, as_uuid
from inventory.models import InventoryRecord
from sales.models import Order, OrderLine, Sale
from sales.privacy import admin as privacy
from sales.returns import admin as returns
from sales.withdrawing import admin as withdrawing

__all__ = ["privacy", "returns", "withdrawing"]

CLIENTS_BY_NAME = 50
"""How many clients a search by company name takes into account."""

COMPANIES_FOUND = f"(the first {CLIENTS_BY_NAME} companies that match)"
"""What a list that searches so says of it."""


def of_company(term: str) -> Q:
    """What belongs to a client whose name holds the term. The clients are few and looked up first, so that the
    large table is asked by its index on the client alone."""
    return Q(
        client__in=list(Client.objects.filter(name__icontains=term).values_list("id", flat=True)[:CLIENTS_BY_NAME])
    )


def key_named(key: ApiKey | None) -> str | None:
    """An API key for people, by its name and its public beginning."""
    return f"{key.name} ({key.prefix}…)" if key else None


class OrderLineInline(ViewOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = OrderLine
    fields = (
        "number",
        "classification",
        "age_bucket",
        "state",
        "county",
        "quantity",
        "unit_price",
        "list_price",
        "discount",
        "amount",
    )
    verbose_name_plural = "lines"


@admin.register(Order)
class OrderAdmin(ViewOnlyAdmin):
    list_display = ("id", "placed_at_utc", "client", "quantity", "total", "currency")
    list_select_related = ("client",)
    exact_search_fields = ("id", "client_id")
    search_help_text = (
        f"Search by the exact id of the order or of the client, or by the company's name {COMPANIES_FOUND}."
    )
    fields = (
        "id",
        "client",
        "placed_by",
        "api_key_named",
        "placed_at_utc",
        "quantity",
        "total",
        "currency",
        "sales_link",
    )
    readonly_fields = ("id", "api_key_named", "sales_link")
    inlines = (OrderLineInline,)

    def search(self, term: str) -> Q:
        return super().search(term) if as_uuid(term) else of_company(term)

    @admin.display(description="API key", empty_value="none: on a page")
    def api_key_named(self, order: Order) -> str | None:
        return key_named(order.api_key)

    @admin.display(description="sales")
    def sales_link(self, order: Order) -> str:
        url = reverse("admin:sales_sale_changelist") + "?" + urlencode({"q": order.id})
        return format_html('<a href="{}">The {} sales of this order</a>', url, order.quantity)


@admin.register(Sale)
class SaleAdmin(ViewOnlyAdmin):
    list_display = ("id", "sold_at_utc", "client", "age_bucket", "purchase_price", "order_id", "lead_id")
    list_select_related = ("client",)
    exact_search_fields = ("id", "order_id", "inventory_id", "client_id")
    search_help_text = (
        "Search by the exact id of the sale, order, lead, inventory record or client, "
        f"or by the company's name {COMPANIES_FOUND}."
    )
    fields = (
        "id",
        "order",
        "line_number",
        "client",
        "lead",
        "inventory",
        "age_bucket",
        "purchase_price",
        "list_price",
        "currency",
        "sold_at_utc",
    )
    readonly_fields = ("id",)

    def search(self, term: str) -> Q:
        if not (key := as_uuid(term)):
            return of_company(term)
        # A lead is sold once per bucket, so its sales are found by its few inventory records, which have an index.
        records = list(InventoryRecord.objects.filter(lead_id=key).values_list("id", flat=True))
        return super().search(term) | Q(inventory_id__in=records)
