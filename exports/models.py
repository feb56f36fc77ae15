"""What is kept of exports (contract, "Export")."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from homeshield.accounts.models import ApiKey, Client
from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import APPEND, OWN_CLIENT, STAFF_LOOKS, Policy, TableRules
from sales.models import Sale

OF_VISIBLE_EXPORT = Policy("of_visible_export", using="EXISTS (SELECT FROM exports WHERE exports.id = export_id)")


class Export(models.Model):
    """One download of purchased leads. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="exports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # The migration's composite foreign key: the key is the client's.
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="API key", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    exported_at_utc = models.DateTimeField("exported (UTC)", db_default=Now(), editable=False)
    sale_ids = ArrayField(models.UUIDField(), verbose_name="sales")
    rows = models.PositiveIntegerField("rows")

    table_rules = TableRules(web_may=APPEND, policies=(OWN_CLIENT, STAFF_LOOKS))

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


class ExportCompletion(models.Model):
    """Says that an export was sent completely; without one it was aborted. Append-only."""

    export = models.OneToOneField(Export, on_delete=models.PROTECT, primary_key=True, related_name="completion")
    completed_at_utc = models.DateTimeField("completed (UTC)", db_default=Now(), editable=False)
    size_bytes = models.PositiveBigIntegerField("size in bytes")
    sha256 = models.CharField("SHA-256 of the file", max_length=64, help_text="In hexadecimal.")

    not_personal = ("sha256",)

    table_rules = TableRules(web_may=APPEND, policies=(OF_VISIBLE_EXPORT,))

    class Meta:
        db_table = "export_completions"
        ordering = ["export"]
        constraints = [
            models.CheckConstraint(
                name="export_digest_is_a_sha_256", condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="export_completion_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Completion of export {self.export_id}"


class SanitisedCell(models.Model):
    """A cell that lost leading formula characters. Never holds the contents."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="sanitised_cells")
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="+", db_index=False)
    column = models.CharField(max_length=40)
    removed = models.TextField("characters removed")

    not_personal = ("column", "removed")

    table_rules = TableRules(web_may=APPEND, policies=(OF_VISIBLE_EXPORT,))

    class Meta:
        db_table = "export_sanitised_cells"
        ordering = ["export", "sale", "column"]
        triggers = [
            pgtrigger.Protect(name="sanitised_cell_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.column} of sale {self.sale_id}"
