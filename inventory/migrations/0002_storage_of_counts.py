"""What Django's migrations cannot say: how the counts are stored.

Every page reads all changes, so what compaction removes must not stay in the way. The summary's rows change in place:
room on each page keeps their index out of it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE inventory_count_changes SET (autovacuum_vacuum_scale_factor = 0,
                autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0,
                autovacuum_analyze_threshold = 10000);
            ALTER TABLE inventory_counts SET (fillfactor = 50);
            """,
            migrations.RunSQL.noop,
        ),
    ]
