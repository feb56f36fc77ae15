"""Inventory in the admin: to look at and to find by id. It is derived from leads, so nobody types it in."""

from django.contrib import admin

from homeshield.lib.view_only_admin import ViewOnlyAdmin
from inventory.models import InventoryRecord


@admin.register(InventoryRecord)
class InventoryRecordAdmin(ViewOnlyAdmin):
    list_display = (
        "id",
        "classification",
        "age_bucket",
        "state",
        "county",
        "enters_at_utc",
        "expires_at_utc",
        "sold_at_utc",
        "lapsed_at_utc",
        "lead_id",
    )
    exact_search_fields = ("id", "lead_id")
    search_help_text = "Search by the exact id of the record or of its lead."
    fields = ("id", "lead", *list_display[1:8])
    readonly_fields = ("id",)
