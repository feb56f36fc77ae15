"""What Django's migrations cannot say: how the counts are stored, and who sees which rows.

The web's role sees every record, and touches none that is sold, whatever it does to triggers. Of the counts it sees
those of the stock, and of what its own client owns already (homeshield/lib/viewer.py).
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [
        # Every page reads all changes, so what compaction removes must not stay in the way. The summary's rows change
        # in place: room on each page keeps their index out of it.
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
        migrations.RunSQL(
            """
            ALTER TABLE inventory ENABLE ROW LEVEL SECURITY;
            CREATE POLICY all_are_seen ON inventory FOR SELECT USING (true);
            CREATE POLICY unsold_are_sold ON inventory FOR UPDATE
                USING (sold_at_utc IS NULL) WITH CHECK (sold_at_utc IS NOT NULL);
            """,
            migrations.RunSQL.noop,
        ),
        *(
            migrations.RunSQL(
                f"""
                ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
                CREATE POLICY stock_and_own_client ON {table} FOR SELECT USING (
                    owner IS NULL OR owner = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid)
                );
                CREATE POLICY staff_looks ON {table} FOR SELECT
                    USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
                """,
                migrations.RunSQL.noop,
            )
            for table in ("inventory_counts_by_state", "inventory_counts_by_county", "inventory_count_changes")
        ),
    ]
