import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0001_initial"),
        ("leads", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.UUIDField(null=True)),
                ("state", models.CharField(max_length=2)),
                ("classification", models.CharField(max_length=6)),
                ("age_bucket", models.CharField(max_length=14)),
                ("records", models.IntegerField()),
                ("county", models.TextField(null=True)),
            ],
            options={
                "db_table": "inventory_count_changes",
            },
        ),
        migrations.CreateModel(
            name="CountyCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.UUIDField(null=True)),
                ("state", models.CharField(max_length=2)),
                ("classification", models.CharField(max_length=6)),
                ("age_bucket", models.CharField(max_length=14)),
                ("records", models.IntegerField()),
                ("county", models.TextField(null=True)),
            ],
            options={
                "db_table": "inventory_counts_by_county",
            },
        ),
        migrations.CreateModel(
            name="StateCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.UUIDField(null=True)),
                ("state", models.CharField(max_length=2)),
                ("classification", models.CharField(max_length=6)),
                ("age_bucket", models.CharField(max_length=14)),
                ("records", models.IntegerField()),
            ],
            options={
                "db_table": "inventory_counts_by_state",
            },
        ),
        migrations.AddIndex(
            model_name="inventoryrecord",
            index=models.Index(
                models.F("enters_at_utc"),
                condition=models.Q(
                    ("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", True), ("age_bucket", "MONTH_24_PLUS")
                ),
                name="inventory_open_last_by_entry",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="inventoryrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="inventory_counts_new",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        WITH moved AS (SELECT id, lead_id, state, county, classification, age_bucket, 1 AS records FROM new_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL)\n        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n        SELECT owner, state, county, classification, age_bucket, sum(records)\n        FROM (\n            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved\n            UNION ALL\n            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records\n            FROM moved, LATERAL (\n                SELECT sale.client_id\n                FROM inventory earlier JOIN sales sale ON sale.inventory_id = earlier.id\n                WHERE earlier.lead_id = moved.lead_id AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL\n                OFFSET 0\n            ) AS owners\n            WHERE moved.age_bucket <> 'MONTH_3_TO_5'\n        ) AS change\n        GROUP BY owner, state, county, classification, age_bucket\n        HAVING sum(records) <> 0;\n        RETURN NULL;\n    ",
                    hash="d6efdb145ef384bc103567c3fb0d2d86db2fd1ff",
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
                    func="\n        WITH moved AS (SELECT id, lead_id, state, county, classification, age_bucket, 1 AS records FROM new_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL UNION ALL SELECT id, lead_id, state, county, classification, age_bucket, -1 AS records FROM old_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL)\n        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n        SELECT owner, state, county, classification, age_bucket, sum(records)\n        FROM (\n            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved\n            UNION ALL\n            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records\n            FROM moved, LATERAL (\n                SELECT sale.client_id\n                FROM inventory earlier JOIN sales sale ON sale.inventory_id = earlier.id\n                WHERE earlier.lead_id = moved.lead_id AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL\n                OFFSET 0\n            ) AS owners\n            WHERE moved.age_bucket <> 'MONTH_3_TO_5'\n        ) AS change\n        GROUP BY owner, state, county, classification, age_bucket\n        HAVING sum(records) <> 0;\n        RETURN NULL;\n    ",
                    hash="b85c764fb043a90a5679150db13e0660fba7e79b",
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
                    func="\n        WITH moved AS (SELECT id, lead_id, state, county, classification, age_bucket, -1 AS records FROM old_rows WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL)\n        INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n        SELECT owner, state, county, classification, age_bucket, sum(records)\n        FROM (\n            SELECT NULL::uuid AS owner, state, county, classification, age_bucket, records FROM moved\n            UNION ALL\n            SELECT owners.client_id, moved.state, moved.county, moved.classification, moved.age_bucket, moved.records\n            FROM moved, LATERAL (\n                SELECT sale.client_id\n                FROM inventory earlier JOIN sales sale ON sale.inventory_id = earlier.id\n                WHERE earlier.lead_id = moved.lead_id AND earlier.id <> moved.id AND earlier.sold_at_utc IS NOT NULL\n                OFFSET 0\n            ) AS owners\n            WHERE moved.age_bucket <> 'MONTH_3_TO_5'\n        ) AS change\n        GROUP BY owner, state, county, classification, age_bucket\n        HAVING sum(records) <> 0;\n        RETURN NULL;\n    ",
                    hash="12dc640f235953ab5ac32d8c2e2e22df8ab70497",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_inventory_counts_gone_b392f",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="inventory",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="countycount",
            constraint=models.UniqueConstraint(
                fields=("owner", "state", "county", "classification", "age_bucket"),
                name="inventory_count_once_per_county",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="statecount",
            constraint=models.UniqueConstraint(
                fields=("owner", "state", "classification", "age_bucket"),
                name="inventory_count_once_per_state",
                nulls_distinct=False,
            ),
        ),
        # Every page reads all changes; what compaction removes must not stay in the way. The summary's rows change in
        # place: room on each page keeps their index out of it.
        migrations.RunSQL(
            """
            ALTER TABLE inventory_count_changes SET (autovacuum_vacuum_scale_factor = 0,
                autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0,
                autovacuum_analyze_threshold = 10000);
            ALTER TABLE inventory_counts_by_state SET (fillfactor = 50);
            ALTER TABLE inventory_counts_by_county SET (fillfactor = 50);
            """,
            migrations.RunSQL.noop,
        ),
    ]
