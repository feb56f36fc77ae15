"""What may be shown of any lead before purchase (contract, "Lead"), for a role that sees whole leads only when its
client has bought them.

The view acts as its owner, so no policy on `leads` bounds it. It selects columns and no rows, so PostgreSQL looks a
lead up by its key as it does in the table.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="CREATE VIEW lead_previews AS SELECT id, first_name, city FROM leads",
            reverse_sql="DROP VIEW lead_previews",
        ),
    ]
