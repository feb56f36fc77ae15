"""Row-level security on exports: a role that is not the owner sees its client's alone (homeshield/lib/viewer.py).

The settings are read in a sub-select, which is evaluated once for a statement and not for each row.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_export_completions"), ("sales", "0004_sales_by_client")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own_client ON exports
                    USING (client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid));
                CREATE POLICY staff_looks ON exports FOR SELECT
                    USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
                ALTER TABLE export_sanitised_cells ENABLE ROW LEVEL SECURITY;
                CREATE POLICY of_visible_export ON export_sanitised_cells
                    USING (EXISTS (SELECT FROM exports WHERE exports.id = export_id));
                ALTER TABLE export_completions ENABLE ROW LEVEL SECURITY;
                CREATE POLICY of_visible_export ON export_completions
                    USING (EXISTS (SELECT FROM exports WHERE exports.id = export_id));
            """,
            reverse_sql="""
                DROP POLICY of_visible_export ON export_completions;
                ALTER TABLE export_completions DISABLE ROW LEVEL SECURITY;
                DROP POLICY of_visible_export ON export_sanitised_cells;
                ALTER TABLE export_sanitised_cells DISABLE ROW LEVEL SECURITY;
                DROP POLICY staff_looks ON exports;
                DROP POLICY own_client ON exports;
                ALTER TABLE exports DISABLE ROW LEVEL SECURITY;
            """,
        ),
    ]
