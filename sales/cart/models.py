from django.conf import settings
from django.db import models

from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import KEEP, TableRules
from inventory.facts.columns import FACTS
from sales.line_fields import LineFields


class Draft(models.Model):
    """A user's cart. Its id is the idempotency key of the purchase, which deletes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="draft")
    version = models.PositiveIntegerField(default=0)
    discount_code = models.CharField(max_length=32, blank=True, default="")

    not_personal = ("discount_code",)

    table_rules = TableRules(web_may=KEEP)

    class Meta:
        db_table = "drafts"

    def __str__(self) -> str:
        return f"Draft {self.id}"


class DraftLine(LineFields):
    """At most one per criteria."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="lines", db_index=False)

    table_rules = TableRules(web_may=KEEP)

    class Meta(LineFields.Meta):
        db_table = "draft_lines"
        ordering = ["id"]
        constraints = [
            *LineFields.Meta.constraints,
            models.UniqueConstraint(
                fields=["draft", *FACTS],
                name="draft_line_once_per_criteria",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.criteria.label}"
