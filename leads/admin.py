"""Leads in the admin: read-only, found by id. The list identifies nobody."""

from typing import cast

from django.contrib import admin
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils.html import format_html_join

from homeshield.audit.recorded_views import RecordedViews
from homeshield.lib.http import Request
from homeshield.lib.view_only_admin import ViewOnlyAdmin
from leads.age import AgeBucket, age_days
from leads.loads.comparing import load_compare
from leads.loads.models import Load
from leads.models import Lead


@admin.register(Lead)
class LeadAdmin(RecordedViews, ViewOnlyAdmin):
    list_display = ("id", "classification", "state", "county", "age", "bucket", "source", "ingested_at_utc")
    # A phone or name would end up in the URL and the logs.
    search_help_text = "Search by the exact lead id."
    fieldsets = (
        (None, {"fields": ("id", "classification", "age", "bucket", "created_at_utc", "ingested_at_utc", "load")}),
        ("Person", {"fields": ("full_name", "first_name", "last_name", "borrower_phone", "call_in_phone_number")}),
        ("Place", {"fields": ("address", "city", "county", "state", "zip")}),
        (
            "Qualification",
            {
                "fields": (
                    "source",
                    "borrower_age",
                    "borrower_medical_issues",
                    "borrower_tobacco_use",
                    "co_borrower",
                    "co_borrower_name",
                )
            },
        ),
        ("Mortgage", {"fields": ("mortgage_id", "mortgage_amount", "lender", "sale_date")}),
        ("Call centre", {"fields": ("call_in_date", "campaign_id", "type", "status", "agent_id", "natural_key")}),
    )
    readonly_fields = ("id", "age", "bucket", "natural_key", "ingested_at_utc", "load")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        as_of = cast("Request", request).as_of
        leads: QuerySet[Lead] = super().get_queryset(request)
        return leads.annotate(as_of=Value(as_of, output_field=DateTimeField()))

    @admin.display(description="age in days")
    def age(self, lead: Lead) -> int:
        return age_days(lead.created_at_utc, lead.as_of)  # type: ignore[attr-defined]

    @admin.display(description="age bucket", empty_value="too young to be sold")
    def bucket(self, lead: Lead) -> str | None:
        bucket = AgeBucket.at(lead.created_at_utc, lead.as_of)  # type: ignore[attr-defined]
        return bucket.label if bucket else None


@admin.register(Load)
class LoadAdmin(RecordedViews, ViewOnlyAdmin):
    list_display = ("id", "loaded_at_utc", "supplier", "file_name", "rows", "loaded", "gold", "duplicates", "rejected")
    list_filter = ("outcome",)
    search_help_text = "Search by the load’s number, its supplier’s code or the SHA-256 of its file."
    fieldsets = (
        (None, {"fields": ("id", "loaded_at_utc", "loaded_by", "supplier", "file_name", "sha256", "outcome")}),
        (
            "Rows",
            {"fields": ("rows", "loaded", "gold", "silver", "duplicates", "opted_out", "rejected", "reject_reasons")},
        ),
        (
            "Beside earlier loads",
            {"fields": ("compared", "without_phone", "seen_before", "common_keys")},
        ),
        ("Columns", {"fields": ("missing_columns", "unknown_columns", "unmatched_leads", "unmatched_counties")}),
    )
    readonly_fields = ("id", "compared")

    def search(self, term: str) -> Q:
        if term.isascii() and term.isdecimal() and len(term) <= MOST_DIGITS:
            return Q(id=int(term)) | Q(supplier=term)
        return Q(supplier=term.upper()) | Q(sha256=term.lower())

    @admin.display(description="shares")
    def compared(self, load: Load) -> str:
        shares = load_compare(load, before=load.id).shares
        return format_html_join(
            "", "<div>{}{}{}</div>",
            (
                (
                    f"{share.share:.0%} {share.label}",
                    "" if share.usual is None else f" (usually {share.usual:.0%})",
                    ": unusual" if share.is_far else "",
                )
                for share in shares
            ),
        )  # fmt: skip


MOST_DIGITS = 18
"""Of a load's number: more do not fit the database's type."""
