from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from homeshield.accounts.company_names import UNSEEN
from homeshield.accounts.models import Client
from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import KEEP, OWN_CLIENT, STAFF_LOOKS, TableRules
from inventory.facts.territory import Territory

LONGEST_NAME = 60
"""Characters."""


class SavedTerritory(models.Model):
    """A territory that a company has named, to use it again. Lines that were made from it do not change with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="territories", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME)
    territory = models.TextField(help_text="Territory.as_text; the name is this row's.")
    saved_at_utc = models.DateTimeField("saved (UTC)")

    not_personal = ("name", "territory")

    table_rules = TableRules(web_may=KEEP, policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "territories"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(F("client"), Lower("name"), name="territory_name_once_per_client"),
            models.CheckConstraint(
                name="territory_name_shows_all_it_holds",
                condition=~Q(name__regex=r"^\s*$") & ~Q(name__regex=UNSEEN),
            ),
        ]

    def __str__(self) -> str:
        return f"Territory {self.id}"

    @property
    def value(self) -> Territory:
        return Territory.of_text(self.territory)

    @property
    def places_text(self) -> str:
        """As the page's list has it."""
        return "\n".join(place.label for place in self.value.places)
