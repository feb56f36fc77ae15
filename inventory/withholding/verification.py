"""Whether common keys, links, withheld leads and their copy on inventory are what leads and withdrawals say.

`check_inventory_status --verify` asks and mends. All of it reads whole tables: it is meant for the command line.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from inventory.withholding.locking import persons_lock
from inventory.withholding.models import MANY_BEARERS
from inventory.withholding.persons import WORK_MEM, touched_recompute
from inventory.withholding.statements import STANDING
from inventory.withholding.statements_of_loads import TOUCHED

BEARERS = f"""
    CREATE TEMPORARY TABLE bearers_now ON COMMIT DROP AS
    SELECT key, lead_id, bearers
    FROM (
        SELECT key, lead_id, count(*) OVER (PARTITION BY key) AS bearers
        FROM (
            SELECT phone_key AS key, id AS lead_id FROM leads WHERE phone_key IS NOT NULL
            UNION ALL
            SELECT call_in_key, id FROM leads WHERE call_in_key IS NOT NULL
        ) AS bearer
    ) AS counted
    WHERE bearers > 1;
    ANALYZE bearers_now;
    CREATE TEMPORARY TABLE common_now ON COMMIT DROP AS
    SELECT DISTINCT key FROM bearers_now WHERE bearers > {MANY_BEARERS}
"""  # noqa: S608 - the text is ours

LINKS = f"""
    CREATE TEMPORARY TABLE links_now ON COMMIT DROP AS
    SELECT DISTINCT one.lead_id, other.lead_id AS other_id
    FROM bearers_now one JOIN bearers_now other ON other.key = one.key AND other.lead_id <> one.lead_id
    WHERE one.bearers <= {MANY_BEARERS} AND other.bearers <= {MANY_BEARERS}
      AND NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = one.key);
    ANALYZE links_now
"""  # noqa: S608
"""Once the common keys are mended: one stays common when some of its bearers have been erased."""

# Of two tables, each row that is in one alone is a difference. Mending deletes it there, or adds it.

MEND_KEYS = """
    WITH gone AS (
        DELETE FROM common_keys
        WHERE NOT EXISTS (SELECT FROM common_now WHERE common_now.key = common_keys.key)
          -- An erased lead may have been one of its bearers: whose, nobody can tell any more.
          AND NOT EXISTS (SELECT FROM leads WHERE erased_at_utc IS NOT NULL)
        RETURNING 1
    ), added AS (
        INSERT INTO common_keys (key)
        SELECT key FROM common_now WHERE NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = common_now.key)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM added)
"""

MEND_LINKS = """
    WITH gone AS (
        DELETE FROM person_links link
        WHERE NOT EXISTS (SELECT FROM links_now due
                          WHERE (due.lead_id, due.other_id) = (link.lead_id, link.other_id))
          -- An erased lead has no keys any more. Its links stay: who bought it is not sold the person again.
          AND NOT EXISTS (SELECT FROM leads
                          WHERE id IN (link.lead_id, link.other_id) AND erased_at_utc IS NOT NULL OFFSET 0)
        RETURNING lead_id
    ), added AS (
        INSERT INTO person_links (lead_id, other_id)
        SELECT lead_id, other_id FROM links_now due
        WHERE NOT EXISTS (SELECT FROM person_links link
                          WHERE (link.lead_id, link.other_id) = (due.lead_id, due.other_id))
        RETURNING lead_id
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM added)
"""

TOUCH = f"""
    INSERT INTO persons_touched
    SELECT standing.lead_id
    FROM ({STANDING.format(touched="everybody AS touched")}) AS standing
    LEFT JOIN withheld_leads held ON held.lead_id = standing.lead_id
    WHERE (standing.withdrawn, standing.superseded)
          <> (coalesce(held.withdrawn, false), coalesce(held.superseded, false))
"""  # noqa: S608
"""Leads whose standing is not what their withdrawals and links say."""

EVERYBODY = """
    CREATE TEMPORARY TABLE everybody ON COMMIT DROP AS
    SELECT lead_id FROM person_links UNION SELECT lead_id FROM withdrawn_leads UNION SELECT lead_id FROM withheld_leads
"""

MEND_RECORDS = """
    WITH wrong AS (
        SELECT record.id, held.lead_id IS NOT NULL AS withheld
        FROM inventory record LEFT JOIN withheld_leads held ON held.lead_id = record.lead_id
        WHERE record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL
          AND record.withheld <> (held.lead_id IS NOT NULL)
    )
    UPDATE inventory SET withheld = wrong.withheld FROM wrong WHERE inventory.id = wrong.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDifferences:
    """How many rows of each were not what they should be, before they were mended."""

    common_keys: int
    links: int
    withheld_leads: int
    records: int

    @property
    def total(self) -> int:
        return self.common_keys + self.links + self.withheld_leads + self.records


def persons_verify(*, as_of: datetime) -> PersonDifferences:
    """Compares everything, and mends it, in one transaction under the lock of persons. Orders go on beside it.

    A lead that is released here gets the record of its bucket at `as_of`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        persons_lock()
        cursor.execute("SELECT set_config('work_mem', %s, true)", [WORK_MEM])
        cursor.execute(BEARERS)
        keys = _counted(cursor, MEND_KEYS)
        cursor.execute(LINKS)
        links = _counted(cursor, MEND_LINKS)
        cursor.execute(TOUCHED)
        cursor.execute(EVERYBODY)
        cursor.execute(TOUCH)
        leads = cursor.rowcount
        touched_recompute(cursor, as_of=as_of)
        cursor.execute(MEND_RECORDS)
        records = cursor.rowcount
        cursor.execute("DROP TABLE bearers_now, common_now, links_now, everybody, persons_touched, persons_released")
    return PersonDifferences(common_keys=keys, links=links, withheld_leads=leads, records=records)


def _counted(cursor: CursorWrapper, statement: str) -> int:
    cursor.execute(statement)
    count: int = cursor.fetchone()[0]
    return count
