"""The load: one file that was processed, for ever (contract, "Load")."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import READ, STAFF_LOOKS, OwnerView, TableRules

SUPPLIER = r"^[A-Z0-9][A-Z0-9_-]{0,15}$"
"""A supplier's code: up to 16 capital letters, digits, hyphens and underscores, and no sign first."""

UNKNOWN_SUPPLIER = ""


class LoadOutcome(models.TextChoices):
    UNDER_WAY = "under_way", "Under way"
    """Within the load's own transaction. Nobody else ever sees it."""
    LOADED = "loaded", "Loaded"
    NOTHING_NEW = "nothing_new", "Nothing new"


class Load(models.Model):
    """One file, and what became of its rows. Leads name it, and so their supplier.

    The row is written in the transaction of its leads, first empty, because they refer to it, and at the end in full.
    The database refuses every later change. A file of which nothing was loaded because it was refused, or because too
    many of its rows were rejected, leaves no load, but an event in the audit record.
    """

    id = models.BigAutoField(primary_key=True)
    file_name = models.TextField("file", blank=True, default="", help_text="Without its folder. Empty: standard input.")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, default="")
    supplier = models.CharField("supplier", max_length=16, blank=True, default=UNKNOWN_SUPPLIER)
    loaded_at_utc = models.DateTimeField("loaded (UTC)")
    loaded_by = account(models.TextField("by"))
    outcome = models.CharField(max_length=11, choices=LoadOutcome, default=LoadOutcome.UNDER_WAY)
    rows = models.PositiveIntegerField(default=0)
    loaded = models.PositiveIntegerField("leads loaded", default=0)
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField("rows rejected", default=0)
    opted_out = models.PositiveIntegerField(default=0)
    gold = models.PositiveIntegerField("Gold", default=0)
    silver = models.PositiveIntegerField("Silver", default=0)
    without_phone = models.PositiveIntegerField(
        "without a phone number", default=0, help_text="Leads loaded of which no phone number is a person's."
    )
    seen_before = models.PositiveIntegerField(
        "of persons seen before", default=0, help_text="Leads loaded of persons of whom an earlier load had a lead."
    )
    common_keys = models.PositiveIntegerField(
        "numbers of nobody",
        default=0,
        help_text="Phone numbers that are too common since this load to be a person's.",
    )
    reject_reasons = models.JSONField(default=dict, help_text="Rows rejected, by the reason in words.")
    missing_columns = ArrayField(models.TextField(), default=list)
    unknown_columns = ArrayField(models.TextField(), default=list)
    unmatched_leads = models.PositiveIntegerField("leads in counties that matched nothing", default=0)
    unmatched_counties = models.JSONField(default=list, help_text="State, county as it came, and how many leads.")

    not_personal = ("file_name", "sha256", "supplier", "reject_reasons", "unmatched_counties")

    table_rules = TableRules(
        web_may=READ,
        policies=(STAFF_LOOKS,),
        views=(OwnerView("load_origins", "SELECT id, supplier FROM loads"),),  # for buyers, of leads they bought
    )

    class Meta:
        db_table = "loads"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["supplier", "-id"], name="loads_of_a_supplier"),
            models.Index(fields=["sha256"], name="loads_of_a_file"),
        ]
        constraints = [
            models.CheckConstraint(
                name="load_supplier_is_a_code",
                condition=Q(supplier=UNKNOWN_SUPPLIER) | Q(supplier__regex=SUPPLIER),
                violation_error_message="A supplier has a code of up to 16 capital letters, digits, hyphens and "
                "underscores.",
            ),
            models.CheckConstraint(
                name="load_has_a_digest",
                condition=Q(outcome=LoadOutcome.UNDER_WAY) | Q(sha256__regex=r"^[0-9a-f]{64}$"),
                violation_error_message="A load has the SHA-256 of its file's bytes.",
            ),
            models.CheckConstraint(
                name="load_rows_add_up",
                condition=Q(rows=F("loaded") + F("duplicates") + F("rejected") + F("opted_out")),
                violation_error_message="Every row of a load is a lead, a duplicate, rejected or opted out.",
            ),
            models.CheckConstraint(
                name="load_classes_add_up",
                condition=Q(loaded=F("gold") + F("silver")),
                violation_error_message="Every lead of a load is Gold or Silver.",
            ),
            models.CheckConstraint(
                name="load_outcome_is_true",
                condition=~Q(outcome=LoadOutcome.NOTHING_NEW, loaded__gt=0)
                & ~Q(outcome=LoadOutcome.LOADED, loaded=0)
                & Q(outcome__in=LoadOutcome.values),
                violation_error_message="A load is either loaded or has nothing new.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="load_stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="load_is_written_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__outcome=LoadOutcome.UNDER_WAY),
            ),
        ]

    def __str__(self) -> str:
        return f"Load {self.id}"
