"""The triggers that keep the counts look up a lead's other records by its key alone (inventory/count_models.py).

A function that is replaced forgets that it acts as its owner; so it is told again (0003_counts_by_client).
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

ACT_AS_OWNER = """
    ALTER FUNCTION pgtrigger_inventory_counts_new_8cfdd() SECURITY DEFINER SET search_path = public, pg_temp;
    ALTER FUNCTION pgtrigger_inventory_counts_changed_f861f() SECURITY DEFINER SET search_path = public, pg_temp;
    ALTER FUNCTION pgtrigger_inventory_counts_gone_b392f() SECURITY DEFINER SET search_path = public, pg_temp;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0003_counts_by_client"),
    ]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, ACT_AS_OWNER),  # when they are as before again
        pgtrigger.migrations.RemoveTrigger(
            model_name="inventoryrecord",
            name="inventory_counts_new",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="inventoryrecord",
            name="inventory_counts_changed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="inventoryrecord",
            name="inventory_counts_gone",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="inventoryrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="inventory_counts_new",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        WITH moved AS (SELECT id, lead_id, state, county, classification, age_bucket, 1 AS records FROM new_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL)\n        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n        SELECT owner, state, county, classification, age_bucket, sum(records)\n        FROM (\n            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved\n            UNION ALL\n            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records\n            FROM moved, LATERAL (SELECT * FROM inventory WHERE lead_id = moved.lead_id OFFSET 0) AS earlier,\n                LATERAL (SELECT client_id FROM sales WHERE inventory_id = earlier.id OFFSET 0) AS owners\n            WHERE moved.age_bucket <> 'MONTH_3_TO_5'\n              AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL\n        ) AS change\n        GROUP BY owner, state, county, classification, age_bucket\n        HAVING sum(records) <> 0;\n        RETURN NULL;\n    ",
                    hash="729172f9fe906d7008736b2f196e133d0d867f9e",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_inventory_counts_new_8cfdd",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="inventory",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="inventoryrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="inventory_counts_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        WITH moved AS (SELECT id, lead_id, state, county, classification, age_bucket, 1 AS records FROM new_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL UNION ALL SELECT id, lead_id, state, county, classification, age_bucket, -1 AS records FROM old_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL)\n        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n        SELECT owner, state, county, classification, age_bucket, sum(records)\n        FROM (\n            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved\n            UNION ALL\n            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records\n            FROM moved, LATERAL (SELECT * FROM inventory WHERE lead_id = moved.lead_id OFFSET 0) AS earlier,\n                LATERAL (SELECT client_id FROM sales WHERE inventory_id = earlier.id OFFSET 0) AS owners\n            WHERE moved.age_bucket <> 'MONTH_3_TO_5'\n              AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL\n        ) AS change\n        GROUP BY owner, state, county, classification, age_bucket\n        HAVING sum(records) <> 0;\n        RETURN NULL;\n    ",
                    hash="39bc2d5f266f8c171cd3e58d1c0574b797d02354",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_inventory_counts_changed_f861f",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="inventory",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="inventoryrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="inventory_counts_gone",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        WITH moved AS (SELECT id, lead_id, state, county, classification, age_bucket, -1 AS records FROM old_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL)\n        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n        SELECT owner, state, county, classification, age_bucket, sum(records)\n        FROM (\n            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved\n            UNION ALL\n            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records\n            FROM moved, LATERAL (SELECT * FROM inventory WHERE lead_id = moved.lead_id OFFSET 0) AS earlier,\n                LATERAL (SELECT client_id FROM sales WHERE inventory_id = earlier.id OFFSET 0) AS owners\n            WHERE moved.age_bucket <> 'MONTH_3_TO_5'\n              AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL\n        ) AS change\n        GROUP BY owner, state, county, classification, age_bucket\n        HAVING sum(records) <> 0;\n        RETURN NULL;\n    ",
                    hash="fa259e97ad7d44ebad408ab32a1b4fa3fb9898f8",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_inventory_counts_gone_b392f",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="inventory",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(ACT_AS_OWNER, migrations.RunSQL.noop),
    ]
