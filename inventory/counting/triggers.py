"""The triggers that write down each change of a count, in the statement that causes it."""

import pgtrigger

from homeshield.lib.triggers import OwnerTrigger
from inventory.facts.columns import OPEN_SQL

_APPEARED = f"""
    SELECT id, lead_id, classification, age_bucket, state, county, 1 AS records FROM new_rows WHERE {OPEN_SQL}
"""  # noqa: S608 - the text is ours
_VANISHED = f"""
    SELECT id, lead_id, classification, age_bucket, state, county, -1 AS records FROM old_rows WHERE {OPEN_SQL}
"""  # noqa: S608


def inventory_triggers() -> list[pgtrigger.Trigger]:
    """The triggers on inventory."""
    return [
        _inventory_trigger("inventory_counts_new", pgtrigger.Insert, _APPEARED, new="new_rows"),
        _inventory_trigger("inventory_counts_gone", pgtrigger.Delete, _VANISHED, old="old_rows"),
        _inventory_trigger(
            "inventory_counts_changed",
            pgtrigger.Update,
            f"{_APPEARED} UNION ALL {_VANISHED}",
            new="new_rows",
            old="old_rows",
        ),
    ]


def _inventory_trigger(name: str, operation: pgtrigger.Operation, moved: str, **rows: str) -> pgtrigger.Trigger:
    """Writes down by how much the rows `moved`, with `records` of 1 or -1, change the counts.

    The second part counts the owners of each lead, which has none in its first bucket. They are looked up row by row
    and by keys alone. The OFFSETs keep it so: without them PostgreSQL may take a partial index of which it has no
    statistics yet, and read all of it for each row.
    """
    return OwnerTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),
        func=f"""
            WITH moved AS ({moved})
            INSERT INTO inventory_count_changes (owner, classification, age_bucket, state, county, records)
            SELECT owner, classification, age_bucket, state, county, sum(records)
            FROM (
                SELECT NULL::uuid AS owner, classification, age_bucket, state, county, records FROM moved
                UNION ALL
                SELECT sale.client_id, classification, age_bucket, state, county, records
                FROM moved,
                     LATERAL (SELECT id AS earlier_id, sold_at_utc AS earlier_sale FROM inventory
                              WHERE lead_id = moved.lead_id OFFSET 0) AS earlier,
                     LATERAL (SELECT client_id FROM sales WHERE inventory_id = earlier_id OFFSET 0) AS sale
                WHERE age_bucket <> 'MONTH_3_TO_5' AND earlier_id <> moved.id AND earlier_sale IS NOT NULL
            ) AS change
            GROUP BY owner, classification, age_bucket, state, county
            HAVING sum(records) <> 0;
            RETURN NULL;
        """,  # noqa: S608
    )


def sale_trigger() -> pgtrigger.Trigger:
    """The trigger on sales: from now on the buyer owns the lead, and with it any other record of it that is open.

    Orders and the roll leave none open, because the roll opens a record when it closes the one before. The counts do
    not rely on that. OFFSET: see `_inventory_trigger`.
    """
    return OwnerTrigger(
        name="sale_counts_as_owned",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=f"""
            INSERT INTO inventory_count_changes (owner, classification, age_bucket, state, county, records)
            SELECT sale.client_id, record.classification, record.age_bucket, record.state, record.county, count(*)
            FROM new_rows sale,
                 LATERAL (SELECT *, {OPEN_SQL} AS is_open FROM inventory
                          WHERE lead_id = sale.lead_id OFFSET 0) AS record
            WHERE record.is_open AND record.id <> sale.inventory_id
            GROUP BY 1, 2, 3, 4, 5;
            RETURN NULL;
        """,  # noqa: S608
    )
