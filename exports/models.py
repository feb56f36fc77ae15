"""The record of every export: who, when, which sales, and which cells were made harmless (contract, "Export")."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from homeshield.accounts.models import Client
from homeshield.lib.ids import new_id
from sales.models import Sale


class Export(models.Model):
    """One download of purchased leads. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="exports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    exported_at_utc = models.DateTimeField("exported (UTC)", db_default=Now(), editable=False)
    sale_ids = ArrayField(models.UUIDField(), verbose_name="sales")
    rows = models.PositiveIntegerField("rows")

    class Meta:
        db_table = "exports"
        ordering = ["-exported_at_utc", "-id"]
        constraints = [
            models.CheckConstraint(
                name="export_counts_its_sales",
                condition=models.Q(rows=models.Func("sale_ids", function="cardinality")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="export_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Export {self.id}"


class SanitisedCell(models.Model):
    """A cell that lost its leading formula characters in an export. Says which, never what the cell holds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="sanitised_cells")
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="+", db_index=False)
    column = models.CharField(max_length=40)
    removed = models.TextField("characters removed")

    class Meta:
        db_table = "export_sanitised_cells"
        ordering = ["export", "sale", "column"]
        triggers = [
            pgtrigger.Protect(name="sanitised_cell_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.column} of sale {self.sale_id}"
