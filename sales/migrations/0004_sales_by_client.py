"""Row-level security on orders, their lines and sales: a role that is not the owner sees its client's alone
(homeshield/lib/viewer.py).

The settings are read in a sub-select, which is evaluated once for a statement and not for each row. A line may be
inserted freely: its order is not visible yet to the statement that writes both, and triggers keep lines away from
other orders.

What a sale changes of the counts is written by the owner, as inventory's own triggers do.

`existing_sales` sees through the wall, for a refusal that tells "another client's" from "none": it says which of the
ids exist, and nothing else.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0003_count_as_owned")]

    operations = [
        migrations.RunSQL(
            sql="""
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
                CREATE FUNCTION existing_sales(ids uuid[]) RETURNS SETOF uuid
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS 'SELECT id FROM sales WHERE id = ANY (ids)';
                ALTER FUNCTION pgtrigger_sale_counts_as_owned_934d7() SECURITY DEFINER
                    SET search_path = public, pg_temp;
            """,
            reverse_sql="""
                ALTER FUNCTION pgtrigger_sale_counts_as_owned_934d7() SECURITY INVOKER RESET search_path;
                DROP FUNCTION existing_sales(uuid[]);
                DROP POLICY staff_looks ON sales;
                DROP POLICY own_client ON sales;
                ALTER TABLE sales DISABLE ROW LEVEL SECURITY;
                DROP POLICY new_line ON order_lines;
                DROP POLICY of_visible_order ON order_lines;
                ALTER TABLE order_lines DISABLE ROW LEVEL SECURITY;
                DROP POLICY staff_looks ON orders;
                DROP POLICY own_client ON orders;
                ALTER TABLE orders DISABLE ROW LEVEL SECURITY;
            """,
        ),
    ]
