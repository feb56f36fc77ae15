"""The counts of open records, kept beside the records by triggers (docs/decisions/0016).

Open means unsold and not closed by the roll. A summary, by state and by county, has what was counted until the last
compaction; the changes since then are append-only rows, which nobody waits for. `inventory/counts.py` reads both, and
takes away what the windows of the records say about the instant of the question.

Each row counts either records (`owner` NULL) or, for a client, those among them whose lead it owns from an earlier
bucket and is therefore not sold again: a client with many purchases has them counted, and not looked up.
"""

import pgtrigger
from django.db import models

from homeshield.lib.table_rules import CLIENT, READ, STAFF_LOOKS, Policy, TableRules
from homeshield.lib.triggers import OwnerTrigger
from leads.age import AgeBucket

_OPEN = "sold_at_utc IS NULL AND lapsed_at_utc IS NULL"


def _of_lead(row: str) -> str:
    """The records of one row's lead, found by the key that begins with it, whatever statistics say.

    What else is asked of them stands outside, beyond OFFSET 0: repeated inside, the predicate of the partial indexes
    would offer one of these, and where statistics are missing or old PostgreSQL would walk all of it for each row.
    """
    return f"LATERAL (SELECT * FROM inventory WHERE lead_id = {row}.lead_id OFFSET 0)"  # noqa: S608 - the text is ours


def _trigger_text(moved: str) -> str:
    """A trigger's text: writes down by how much the counts change by the rows `moved`, each with `records` of 1 or -1.

    A lead has no owners in its first bucket. Owners are looked up row by row, by keys alone (see `_of_lead`).
    """
    return f"""
        WITH moved AS ({moved})
        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)
        SELECT owner, state, county, classification, age_bucket, sum(records)
        FROM (
            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved
            UNION ALL
            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records
            FROM moved, {_of_lead("moved")} AS earlier,
                LATERAL (SELECT client_id FROM sales WHERE inventory_id = earlier.id OFFSET 0) AS owners
            WHERE moved.age_bucket <> '{next(iter(AgeBucket))}'
              AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL
        ) AS change
        GROUP BY owner, state, county, classification, age_bucket
        HAVING sum(records) <> 0;
        RETURN NULL;
    """  # noqa: S608 - the text is ours


_FACTS = "id, lead_id, state, county, classification, age_bucket"
_APPEARED = f"SELECT {_FACTS}, 1 AS records FROM new_rows WHERE {_OPEN}"  # noqa: S608
_VANISHED = f"SELECT {_FACTS}, -1 AS records FROM old_rows WHERE {_OPEN}"  # noqa: S608


def inventory_triggers() -> list[pgtrigger.Trigger]:
    """The triggers on inventory that write down each change of its counts."""
    return [
        _statement_trigger("inventory_counts_new", pgtrigger.Insert, _APPEARED, new="new_rows"),
        _statement_trigger(
            "inventory_counts_changed",
            pgtrigger.Update,
            f"{_APPEARED} UNION ALL {_VANISHED}",
            new="new_rows",
            old="old_rows",
        ),
        _statement_trigger("inventory_counts_gone", pgtrigger.Delete, _VANISHED, old="old_rows"),
    ]


def _statement_trigger(name: str, operation: pgtrigger.Operation, moved: str, **rows: str) -> pgtrigger.Trigger:
    return OwnerTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),
        func=_trigger_text(moved),
    )


def sale_trigger() -> pgtrigger.Trigger:
    """The trigger on sales: the buyer owns the lead from now on, whichever other record of it is open.

    Orders and the roll leave none open, because a record is opened when the one before it is closed; the counts do not
    depend on that.
    """
    return OwnerTrigger(
        name="sale_counts_as_owned",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=f"""
            INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)
            SELECT sale.client_id, record.state, record.county, record.classification, record.age_bucket, count(*)
            FROM new_rows sale, {_of_lead("sale")} AS record
            WHERE record.id <> sale.inventory_id AND record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL
            GROUP BY 1, 2, 3, 4, 5;
            RETURN NULL;
        """,  # noqa: S608 - the text is ours
    )


class CountFields(models.Model):
    """How many open records of a class and bucket there are in a place, or how many of them `owner` has already."""

    owner = models.UUIDField(null=True)
    """A client; no foreign key, for nothing here is looked up by it and an order would pay for the check."""
    state = models.CharField(max_length=2)
    classification = models.CharField(max_length=6)
    age_bucket = models.CharField(max_length=14)
    records = models.IntegerField()

    not_personal: tuple[str, ...] = ("state", "classification", "age_bucket")

    table_rules = TableRules(
        web_may=READ,  # triggers write, which act as the owner
        policies=(Policy("stock_and_own_client", "SELECT", using=f"owner IS NULL OR owner = {CLIENT}"), STAFF_LOOKS),
    )

    class Meta:
        abstract = True


class StateCount(CountFields):
    """The summary by state: a few hundred rows, whatever the inventory."""

    class Meta:
        db_table = "inventory_counts_by_state"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "state", "classification", "age_bucket"],
                name="inventory_count_once_per_state",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.classification} {self.age_bucket}: {self.records}"


class CountyCount(CountFields):
    """The summary by county; leads whose county is not known have rows of their own."""

    county = models.TextField(null=True)

    not_personal = (*CountFields.not_personal, "county")

    class Meta:
        db_table = "inventory_counts_by_county"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "state", "county", "classification", "age_bucket"],
                name="inventory_count_once_per_county",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.county}, {self.state} {self.classification} {self.age_bucket}: {self.records}"


class CountChange(CountFields):
    """By how much a count changed by one statement, until the next compaction."""

    county = models.TextField(null=True)

    not_personal = (*CountFields.not_personal, "county")

    class Meta:
        db_table = "inventory_count_changes"

    def __str__(self) -> str:
        return f"{self.county}, {self.state} {self.classification} {self.age_bucket}: {self.records:+}"
