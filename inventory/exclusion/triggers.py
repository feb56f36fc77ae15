"""The triggers that keep pairs of client and lead, and their counts, in the statement that causes them."""

import pgtrigger

from homeshield.lib.triggers import OwnerTrigger
from inventory.facts.columns import OPEN_SQL

_NEW = "SELECT lead_id, client_id, NOT owned AS listed, 1 AS records FROM new_rows"
_GONE = "SELECT lead_id, client_id, NOT owned AS listed, -1 AS records FROM old_rows"
_CHANGED = f"""
    ({_NEW} EXCEPT SELECT lead_id, client_id, NOT owned, 1 FROM old_rows)
    UNION ALL
    ({_GONE} EXCEPT SELECT lead_id, client_id, NOT owned, -1 FROM new_rows)
"""  # noqa: S608 - the text is ours
"""A pair with both reasons counts as owned, so `listed` alone changes nothing."""


def exclusion_triggers() -> list[pgtrigger.Trigger]:
    """The triggers on exclusions."""
    return [
        _exclusion_trigger("exclusion_counts_new", pgtrigger.Insert, _NEW, new="new_rows"),
        _exclusion_trigger("exclusion_counts_gone", pgtrigger.Delete, _GONE, old="old_rows"),
        _exclusion_trigger("exclusion_counts_changed", pgtrigger.Update, _CHANGED, new="new_rows", old="old_rows"),
    ]


_FORGET_STARTS = """
    DELETE FROM pick_starts
    WHERE id IN (SELECT id FROM pick_starts
                 WHERE client_id IN (SELECT client_id FROM old_rows) FOR UPDATE SKIP LOCKED);
"""
"""What is no longer excluded may stand before the client's starts."""


def forget_starts(rows: str) -> str:
    """Statements of a trigger on inventory: starts that something has opened before are not true any more.

    The rows are first reduced to the earliest of each place, at each level of it, so that a batch of a load costs one
    pass however many starts there are. A start beside a record of the same instant goes too: it is only a hint.
    SKIP LOCKED: a load holds the starts that it removes until it commits, and nobody is to wait for that.
    """
    return f"""
        IF EXISTS (SELECT FROM pick_starts) AND EXISTS (SELECT FROM {rows} WHERE {OPEN_SQL}) THEN
            DELETE FROM pick_starts
            WHERE id IN (
                SELECT start.id
                FROM pick_starts start
                JOIN (SELECT classification, age_bucket, coalesce(state, '*') AS state, coalesce(county, '*') AS county,
                             min(expires_at_utc) AS expires_at_utc
                      FROM {rows} WHERE {OPEN_SQL}
                      GROUP BY classification, age_bucket, ROLLUP (state, county)) AS opened
                  ON opened.classification = start.classification AND opened.age_bucket = start.age_bucket
                     AND opened.state = coalesce(start.state, '*') AND opened.county = coalesce(start.county, '*')
                WHERE opened.expires_at_utc <= start.expires_at_utc
                FOR UPDATE OF start SKIP LOCKED
            );
        END IF;
    """  # noqa: S608 - the text is ours


def _exclusion_trigger(name: str, operation: pgtrigger.Operation, moved: str, **rows: str) -> pgtrigger.Trigger:
    """Writes down by how much the pairs `moved`, with `records` of 1 or -1, change the counts of open records.

    Records that are, or may become, open are locked first, in the order in which orders lock them. So a sale of the
    record to somebody else either comes first, or sees the pair and counts it too. Records are looked up by key alone:
    OFFSET keeps it so where PostgreSQL has no statistics of a partial index yet.
    """
    return OwnerTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),
        func=f"""
            PERFORM FROM inventory
            WHERE id = ANY (ARRAY(
                SELECT record.id
                FROM ({moved}) AS moved,
                     LATERAL (SELECT id, sold_at_utc, lapsed_at_utc FROM inventory
                              WHERE lead_id = moved.lead_id OFFSET 0) AS record
                WHERE record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL
            ))
            ORDER BY expires_at_utc, id
            FOR SHARE;
            IF FOUND THEN
                INSERT INTO inventory_count_changes (owner, listed, classification, age_bucket, state, county, records)
                SELECT moved.client_id, moved.listed, record.classification, record.age_bucket, record.state,
                       record.county, sum(moved.records)
                FROM ({moved}) AS moved,
                     LATERAL (SELECT *, {OPEN_SQL} AS is_open FROM inventory
                              WHERE lead_id = moved.lead_id OFFSET 0) AS record
                WHERE record.is_open
                GROUP BY 1, 2, 3, 4, 5, 6
                HAVING sum(moved.records) <> 0;
            END IF;
            {_FORGET_STARTS if "old" in rows and "new" not in rows else ""}
            RETURN NULL;
        """,  # noqa: S608 - the text is ours
    )


def sale_trigger() -> pgtrigger.Trigger:
    """The trigger on sales: from now on the buyer owns the lead, and the others of its person (contract, "Exclusion").

    The second statement has no ON CONFLICT: where the pair is there already, the lead was excluded, and the primary key
    refuses the sale. So it does where an order has two leads of one person. Sorted, so that two orders of one client
    never wait for one another's pairs in a circle.
    """
    return OwnerTrigger(
        name="sale_makes_pairs",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func="""
            INSERT INTO exclusions (lead_id, client_id, owned, listed)
            SELECT DISTINCT link.other_id, sale.client_id, true, false
            FROM new_rows sale,
                 LATERAL (SELECT other_id FROM person_links WHERE lead_id = sale.lead_id OFFSET 0) AS link
            ORDER BY 1, 2
            ON CONFLICT (lead_id, client_id) DO UPDATE SET owned = true WHERE NOT exclusions.owned;
            INSERT INTO exclusions (lead_id, client_id, owned, listed)
            SELECT lead_id, client_id, true, false FROM new_rows ORDER BY lead_id, client_id;
            RETURN NULL;
        """,
    )
