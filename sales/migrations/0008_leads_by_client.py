"""Row-level security on leads: a role that is not the owner sees those that its client has bought, and staff see all.

The sub-select on sales names the client itself, so that one index entry answers for each lead.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0007_order_by_key"), ("leads", "0002_previews")]

    operations = [
        migrations.RunSQL(
            sql="""
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
            reverse_sql="""
                DROP POLICY staff_looks ON leads;
                DROP POLICY of_own_sales ON leads;
                ALTER TABLE leads DISABLE ROW LEVEL SECURITY;
            """,
        ),
    ]
