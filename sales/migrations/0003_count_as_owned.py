import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

COUNT = """
    INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)
    SELECT owner, state, county, classification, age_bucket, count(*)
    FROM (
        SELECT NULL::uuid AS owner, state, county, classification, age_bucket FROM inventory
        WHERE sold_at_utc IS NULL AND lapsed_at_utc IS NULL
        UNION ALL
        SELECT sale.client_id, record.state, record.county, record.classification, record.age_bucket
        FROM sales sale JOIN inventory record ON record.lead_id = sale.lead_id AND record.id <> sale.inventory_id
        WHERE record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL
    ) AS open
    GROUP BY 1, 2, 3, 4, 5
"""
"""The records that were there before their counts were kept. Here, because inventory's migration knows no sales."""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0002_counts"),
        ("sales", "0002_client_may_buy"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="sale",
            trigger=pgtrigger.compiler.Trigger(
                name="sale_counts_as_owned",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n            SELECT sale.client_id, record.state, record.county, record.classification, record.age_bucket, count(*)\n            FROM new_rows sale, LATERAL (\n                SELECT state, county, classification, age_bucket FROM inventory\n                WHERE lead_id = sale.lead_id AND id <> sale.inventory_id AND sold_at_utc IS NULL AND lapsed_at_utc IS NULL\n                OFFSET 0\n            ) AS record\n            GROUP BY 1, 2, 3, 4, 5;\n            RETURN NULL;\n        ",
                    hash="4ea2b46ab472f59db63fcef03f33549a146d54c8",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_sale_counts_as_owned_934d7",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sales",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
