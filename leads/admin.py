"""Leads in the admin: read-only, found by id. The list identifies nobody."""

from typing import cast

from django.contrib import admin
from django.db.models import DateTimeField, QuerySet, Value
from django.http import HttpRequest

from homeshield.audit.recorded_views import RecordedViews
from homeshield.lib.http import Request
from homeshield.lib.view_only_admin import ViewOnlyAdmin
from leads.age import AgeBucket, age_days
from leads.models import Lead


@admin.register(Lead)
class LeadAdmin(RecordedViews, ViewOnlyAdmin):
    list_display = ("id", "classification", "state", "county", "age", "bucket", "source", "ingested_at_utc")
    # A phone or name would end up in the URL and the logs.
    search_help_text = "Search by the exact lead id."
    fieldsets = (
        (None, {"fields": ("id", "classification", "age", "bucket", "created_at_utc", "ingested_at_utc")}),
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
    readonly_fields = ("id", "age", "bucket", "natural_key", "ingested_at_utc")

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
