"""Row-level security on quotes: the web's role sees those of its client alone (homeshield/lib/viewer.py).

The settings are read in a sub-select, which is evaluated once for a statement and not for each row.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE quotes ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own_client ON quotes
                USING (client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid));
            CREATE POLICY staff_looks ON quotes FOR SELECT
                USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
            ALTER TABLE quote_items ENABLE ROW LEVEL SECURITY;
            CREATE POLICY of_visible_quote ON quote_items
                USING (EXISTS (SELECT FROM quotes WHERE quotes.id = quote_id));
            """,
            migrations.RunSQL.noop,
        ),
    ]
