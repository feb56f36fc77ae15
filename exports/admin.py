from datetime import datetime

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from exports.models import Export
from homeshield.lib.view_only_admin import ViewOnlyAdmin, as_uuid
from sales.admin import COMPANIES_FOUND, key_named, of_company

SALES_SHOWN = 1_000
"""A whole history may have a million."""


@admin.register(Export)
class ExportAdmin(ViewOnlyAdmin):
    list_display = ("id", "exported_at_utc", "client", "user", "rows")
    list_select_related = ("client", "user")
    exact_search_fields = ("id", "client_id")
    search_help_text = (
        f"Search by the exact id of the export or of the client, or by the company's name {COMPANIES_FOUND}."
    )
    fields = (
        "id",
        "client",
        "user",
        "api_key_named",
        "exported_at_utc",
        "rows",
        "completed",
        "sha256",
        "sanitised",
        "sales",
    )
    readonly_fields = ("id", "api_key_named", "exported_at_utc", "completed", "sha256", "sanitised", "sales")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        """Defers `sale_ids`, which may hold a million."""
        return super().get_queryset(request).defer("sale_ids")

    def search(self, term: str) -> Q:
        return super().search(term) if as_uuid(term) else of_company(term)

    @admin.display(description="API key", empty_value="none: on a page")
    def api_key_named(self, export: Export) -> str | None:
        return key_named(export.api_key)

    @admin.display(description="given out in full (UTC)", empty_value="no")
    def completed(self, export: Export) -> datetime | None:
        return export.completion.completed_at_utc if hasattr(export, "completion") else None

    @admin.display(description="SHA-256 of the file", empty_value="none")
    def sha256(self, export: Export) -> str | None:
        return export.completion.sha256 if hasattr(export, "completion") else None

    @admin.display(description="cells made harmless", empty_value="none")
    def sanitised(self, export: Export) -> SafeString | None:
        """Counts by column, never the contents."""
        columns = export.sanitised_cells.values_list("column").annotate(cells=Count("id")).order_by("column")
        return format_html_join("", "<div>{}: {}</div>", columns) or None

    @admin.display(description="sales")
    def sales(self, export: Export) -> SafeString:
        shown = format_html_join("", "<div>{}</div>", ((sale,) for sale in export.sale_ids[:SALES_SHOWN]))
        more = export.rows - SALES_SHOWN
        return format_html("{}and {} more", shown, intcomma(more)) if more > 0 else shown
