import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_roles_and_licensed_states"),
        ("sales", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="sale",
            trigger=pgtrigger.compiler.Trigger(
                name="sale_to_a_client_that_may_buy",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE barred uuid;",
                    func="\n                    SELECT sale.id INTO barred\n                    FROM new_rows sale JOIN clients client ON client.id = sale.client_id\n                    WHERE client.status <> 'active'\n                       OR cardinality(client.licensed_states) > 0 AND NOT EXISTS (\n                           SELECT FROM inventory record\n                           WHERE record.id = sale.inventory_id AND record.state = ANY (client.licensed_states)\n                           OFFSET 0  -- row by row, by the key: a cached plan must never read the whole table\n                       )\n                    LIMIT 1;\n                    IF FOUND THEN\n                        RAISE EXCEPTION 'sale % is to a client that is not active, or not licensed in its state', barred\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'sale_to_a_client_that_may_buy';\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="e619a061b59c8872d2bf665265779bf29e0b9c4a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_sale_to_a_client_that_may_buy_12507",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sales",
                    when="AFTER",
                ),
            ),
        ),
    ]
