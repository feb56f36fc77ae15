"""The trigger that counts sold leads as owned looks up a lead's other records by its key alone: by the partial indexes, an
order of many thousands took a time that grew with the square (inventory/count_models.py).

A function that is replaced forgets that it acts as its owner; so it is told again (0004_sales_by_client).
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

ACT_AS_OWNER = """
    ALTER FUNCTION pgtrigger_sale_counts_as_owned_934d7() SECURITY DEFINER SET search_path = public, pg_temp;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0004_sales_by_client"),
    ]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, ACT_AS_OWNER),  # when they are as before again
        pgtrigger.migrations.RemoveTrigger(
            model_name="sale",
            name="sale_counts_as_owned",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sale",
            trigger=pgtrigger.compiler.Trigger(
                name="sale_counts_as_owned",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            INSERT INTO inventory_count_changes (owner, state, county, classification, age_bucket, records)\n            SELECT sale.client_id, record.state, record.county, record.classification, record.age_bucket, count(*)\n            FROM new_rows sale, LATERAL (SELECT * FROM inventory WHERE lead_id = sale.lead_id OFFSET 0) AS record\n            WHERE record.id <> sale.inventory_id AND record.sold_at_utc IS NULL AND record.lapsed_at_utc IS NULL\n            GROUP BY 1, 2, 3, 4, 5;\n            RETURN NULL;\n        ",
                    hash="afdaa3841cf4d55640dc4adc9d3c0b0bcbabd5fb",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_sale_counts_as_owned_934d7",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sales",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(ACT_AS_OWNER, migrations.RunSQL.noop),
    ]
