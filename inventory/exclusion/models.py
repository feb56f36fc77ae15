"""Who is not sold which lead (contract, "Exclusion"). The triggers that keep the counts of it are in triggers.py."""

from django.db import models
from django.db.models import Q

from homeshield.accounts.models import Client
from homeshield.lib.table_rules import KEEP, OWN_CLIENT, READ, STAFF_LOOKS, TableRules
from inventory.exclusion.triggers import exclusion_triggers
from inventory.facts.columns import Facts
from leads.models import Lead

NOT_EXCLUDED = "NOT EXISTS (SELECT FROM exclusions WHERE client_id = {} AND lead_id = inventory.lead_id OFFSET 0)"
"""That a client may be sold a record's lead.

By hand, because OFFSET keeps PostgreSQL from turning the look-up of a row into a join over all pairs of the client, or
a hash of them, although an order stops after a few rows (with statistics a thousand sales old, an order of 1000 took
163 ms instead of 1).
"""


class Exclusion(models.Model):
    """This client is not sold this lead: the one table that picking, listing, quoting and counting ask.

    `owned`: it has bought the lead, or another lead of the same person. `listed`: a number of the person stands on a
    suppression list of the client's. Sales write pairs by a trigger; loads and lists write theirs in their own
    transaction. A sale of a lead that is excluded breaks the primary key, because a sale always makes a new pair.

    Whoever writes pairs of a client by a list locks the client's row before it inserts them: an order of that client
    that has picked one of the leads comes first, and none waits for the list in a circle.
    """

    pk = models.CompositePrimaryKey("lead_id", "client_id")
    # No foreign keys: leads and clients are never deleted, and a sale would pay for the check of each pair.
    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="exclusions", db_index=False, db_constraint=False
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="exclusions", db_index=False, db_constraint=False
    )
    owned = models.BooleanField(db_default=False)
    listed = models.BooleanField(db_default=False)

    table_rules = TableRules(web_may=READ, policies=(OWN_CLIENT, STAFF_LOOKS))  # triggers write, as the owner

    class Meta:
        db_table = "exclusions"
        constraints = [
            models.CheckConstraint(name="exclusion_has_a_reason", condition=Q(owned=True) | Q(listed=True)),
        ]
        indexes = [models.Index("client", "lead", name="exclusion_by_client")]
        triggers = exclusion_triggers()

    def __str__(self) -> str:
        return f"Lead {self.lead_id} is not for client {self.client_id}"


class PickStart(Facts):
    """Where the picks of a client begin under some criteria (starts.py). A level of the place that is open is NULL."""

    state = models.CharField(max_length=2, null=True)  # type: ignore[assignment]
    county = models.TextField(null=True)  # type: ignore[assignment]
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    expires_at_utc = models.DateTimeField()
    inventory_id = models.UUIDField()
    found_at_utc = models.DateTimeField()

    table_rules = TableRules(web_may=KEEP, policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "pick_starts"
        constraints = [
            models.UniqueConstraint(
                fields=["client", "classification", "age_bucket", "state", "county"],
                name="pick_start_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"Start of client {self.client_id} in {self.classification} {self.age_bucket}"
