"""The triggers that write down each change of a count, in the statement that causes it."""

import pgtrigger

from homeshield.lib.triggers import OwnerTrigger
from inventory.exclusion.triggers import forget_starts
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

    The second part counts for whom each lead is excluded. Pairs are looked up row by row and by key alone. The OFFSET
    keeps it so. The pair that the sale of this very record made, in the same statement, is not one of them: it counted
    no record, because the record was sold by then.
    """
    return OwnerTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),
        func=f"""
            WITH moved AS ({moved})
            INSERT INTO inventory_count_changes (owner, listed, classification, age_bucket, state, county, records)
            SELECT owner, listed, classification, age_bucket, state, county, sum(records)
            FROM (
                SELECT NULL::uuid AS owner, false AS listed, classification, age_bucket, state, county, records
                FROM moved
                UNION ALL
                SELECT pair.client_id, NOT pair.owned, classification, age_bucket, state, county, records
                FROM moved,
                     LATERAL (SELECT client_id, owned FROM exclusions WHERE lead_id = moved.lead_id OFFSET 0) AS pair
                WHERE records > 0 OR NOT EXISTS (SELECT FROM sales WHERE inventory_id = moved.id
                                                 AND sales.client_id = pair.client_id OFFSET 0)
            ) AS change
            GROUP BY owner, listed, classification, age_bucket, state, county
            HAVING sum(records) <> 0;
            {forget_starts(rows["new"]) if "new" in rows else ""}
            RETURN NULL;
        """,  # noqa: S608
    )
