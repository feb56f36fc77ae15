"""Row-level security on the records: a role that is not the owner sees all of them, and touches none that is sold, whatever
it does to triggers. And on the counts: it sees those of the stock, and of
what its own client owns already (homeshield/lib/viewer.py).

The triggers that keep them act as the owner: a record that one client buys may be of a lead that another one owns,
whose count changes as well.
"""

from django.db import migrations

TABLES = ("inventory_counts_by_state", "inventory_counts_by_county", "inventory_count_changes")
FUNCTIONS = (
    "pgtrigger_inventory_counts_new_8cfdd",
    "pgtrigger_inventory_counts_changed_f861f",
    "pgtrigger_inventory_counts_gone_b392f",
)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_counts")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE inventory ENABLE ROW LEVEL SECURITY;
                CREATE POLICY all_are_seen ON inventory FOR SELECT USING (true);
                CREATE POLICY unsold_are_sold ON inventory FOR UPDATE
                    USING (sold_at_utc IS NULL) WITH CHECK (sold_at_utc IS NOT NULL);
            """,
            reverse_sql="""
                DROP POLICY unsold_are_sold ON inventory;
                DROP POLICY all_are_seen ON inventory;
                ALTER TABLE inventory DISABLE ROW LEVEL SECURITY;
            """,
        ),
        *(
            migrations.RunSQL(
                sql=f"""
                    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY stock_and_own_client ON {table} FOR SELECT USING (
                        owner IS NULL OR owner = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid)
                    );
                    CREATE POLICY staff_looks ON {table} FOR SELECT
                        USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
                """,
                reverse_sql=f"""
                    DROP POLICY staff_looks ON {table};
                    DROP POLICY stock_and_own_client ON {table};
                    ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
                """,
            )
            for table in TABLES
        ),
        *(
            migrations.RunSQL(
                sql=f"ALTER FUNCTION {function}() SECURITY DEFINER SET search_path = public, pg_temp",
                reverse_sql=f"ALTER FUNCTION {function}() SECURITY INVOKER RESET search_path",
            )
            for function in FUNCTIONS
        ),
    ]
