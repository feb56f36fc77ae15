"""The tables of counts. Triggers write the changes, upkeep adds them up, and reading uses both (decisions/0016)."""

from django.db import models
from django.db.models import Q

from homeshield.lib.table_rules import CLIENT, READ, STAFF_LOOKS, Policy, TableRules
from inventory.facts.columns import Facts


class CountFields(Facts):
    """A number of open records, or of those among them that are excluded for `owner`. So a client with many purchases,
    or a long list, costs no look-up of each."""

    owner = models.UUIDField(null=True)
    """A client. No foreign key: nothing is looked up by it here, and an order would pay for the check."""
    listed = models.BooleanField(db_default=False)
    """Of an owner's records: excluded by a list of its own alone, and not because it owns the lead."""
    records = models.IntegerField()

    table_rules = TableRules(
        web_may=READ,  # triggers write, which act as the owner
        policies=(Policy("stock_and_own_client", "SELECT", using=f"owner IS NULL OR owner = {CLIENT}"), STAFF_LOOKS),
    )

    class Meta:
        abstract = True


class PlaceCount(CountFields):
    """The summary, until the last compaction: a row for a state (`county` NULL), and one for each county in it."""

    county = models.TextField(null=True)  # type: ignore[assignment]

    class Meta:
        db_table = "inventory_counts"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "state", "county", "classification", "age_bucket", "listed"],
                name="inventory_count_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [models.Index("owner", name="inventory_counts_of_states", condition=Q(county=None))]

    def __str__(self) -> str:
        return f"{self.state} {self.county} {self.classification} {self.age_bucket}: {self.records}"


class CountChange(CountFields):
    """By how much one statement changed a count, since the last compaction."""

    class Meta:
        db_table = "inventory_count_changes"

    def __str__(self) -> str:
        return f"{self.state} {self.county} {self.classification} {self.age_bucket}: {self.records:+}"
