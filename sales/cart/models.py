from dataclasses import replace

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5, Now

from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import KEEP, TableRules
from inventory.facts.columns import FACTS
from inventory.facts.criteria import Criteria
from inventory.facts.territory import Territory
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
    """At most one per criteria. `priced_at_utc` is the instant whose price the buyer knows: when the line came, or when
    a page showed the price on which the buyer then acted.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="lines", db_index=False)
    territory = models.TextField(null=True, blank=True, help_text="In the place of a place: Territory.as_text.")
    priced_at_utc = models.DateTimeField("price known since (UTC)", db_default=Now())

    not_personal = (*LineFields.not_personal, "territory")

    table_rules = TableRules(web_may=KEEP)

    class Meta(LineFields.Meta):
        db_table = "draft_lines"
        ordering = ["id"]
        constraints = [
            *LineFields.Meta.constraints,
            models.UniqueConstraint(
                fields=["draft", *FACTS],
                name="draft_line_once_per_criteria",
                condition=Q(territory__isnull=True),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                "draft",
                "classification",
                "age_bucket",
                MD5("territory"),  # a text may be too long for an index
                name="draft_line_once_per_territory",
            ),
            models.CheckConstraint(
                name="draft_line_place_or_territory",
                condition=Q(territory__isnull=True) | Q(state__isnull=True, county__isnull=True),
            ),
        ]

    @property
    def criteria(self) -> Criteria:
        criteria = super().criteria
        return replace(criteria, territory=Territory.of_text(self.territory)) if self.territory else criteria

    def __str__(self) -> str:
        return f"{self.quantity} × {self.criteria.label}"
