"""What may be shown of any lead before purchase (contract, "Lead"), to a role that sees whole leads only when its client
has bought them.

The view acts as its owner, so no policy on `leads` bounds it. It selects columns and no rows, so PostgreSQL looks up a
lead by its key as it does in the table.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE VIEW lead_previews AS SELECT id, first_name, city FROM leads",
            "DROP VIEW lead_previews",
        ),
    ]
