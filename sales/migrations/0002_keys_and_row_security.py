"""What Django's migrations cannot say: a foreign key over two columns, and who sees which rows.

The web's role sees the orders, lines and sales of its client alone, and the leads that its client has bought
(homeshield/lib/viewer.py). The settings are read in a sub-select, which is evaluated once for a statement and not for
each row.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE orders ADD CONSTRAINT order_by_a_key_of_its_client
                FOREIGN KEY (api_key_id, client_id) REFERENCES api_keys (id, client_id);
            """,
            "ALTER TABLE orders DROP CONSTRAINT order_by_a_key_of_its_client",
        ),
        # A line may be inserted freely: its order is not visible yet to the statement that writes both, and triggers
        # keep lines away from other orders.
        migrations.RunSQL(
            """
            ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own_client ON orders
                USING (client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid));
            CREATE POLICY staff_looks ON orders FOR SELECT
                USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
            ALTER TABLE order_lines ENABLE ROW LEVEL SECURITY;
            CREATE POLICY of_visible_order ON order_lines FOR SELECT
                USING (EXISTS (SELECT FROM orders WHERE orders.id = order_id));
            CREATE POLICY new_line ON order_lines FOR INSERT WITH CHECK (true);
            ALTER TABLE sales ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own_client ON sales
                USING (client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid));
            CREATE POLICY staff_looks ON sales FOR SELECT
                USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
            """,
            migrations.RunSQL.noop,
        ),
        # It sees through the wall, for a refusal that tells "another client's" from "none": which of the ids exist, and
        # nothing else.
        migrations.RunSQL(
            """
            CREATE FUNCTION existing_sales(ids uuid[]) RETURNS SETOF uuid
                LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                AS 'SELECT id FROM sales WHERE id = ANY (ids)';
            """,
            "DROP FUNCTION existing_sales(uuid[])",
        ),
        # On leads, and here because it asks sales. It names the client itself, so that one index entry answers for each
        # lead.
        migrations.RunSQL(
            """
            ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
            CREATE POLICY of_own_sales ON leads FOR SELECT
                USING (EXISTS (
                    SELECT FROM sales
                    WHERE sales.lead_id = leads.id
                      AND sales.client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid)
                ));
            CREATE POLICY staff_looks ON leads FOR SELECT
                USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
            """,
            """
            DROP POLICY staff_looks ON leads;
            DROP POLICY of_own_sales ON leads;
            ALTER TABLE leads DISABLE ROW LEVEL SECURITY;
            """,
        ),
    ]
