"""Each sale makes a pair of client and lead; a trigger does so from now on. Their counts are there already."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0002_order_by_a_key_of_its_client"), ("inventory", "0004_exclusions")]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO exclusions (lead_id, client_id, owned, listed)
            SELECT lead_id, client_id, true, false FROM sales ORDER BY lead_id, client_id
            """,
            migrations.RunSQL.noop,
        ),
    ]
