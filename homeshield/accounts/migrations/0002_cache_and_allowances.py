"""What Django's migrations cannot say: the cache's table, and which tables are unlogged."""

from django.core.management import call_command
from django.db import migrations


def create_cache_table(apps, schema_editor):
    """The cache holds the sign-in rate limits. It is in the database because all workers must share it."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunPython(create_cache_table, migrations.RunPython.noop),
        # Every call and every page of the list writes here. Unlogged tables wait for no disk; a crash empties them.
        migrations.RunSQL(
            """
            ALTER TABLE api_allowances SET UNLOGGED;
            ALTER TABLE preview_allowances SET UNLOGGED;
            """,
            migrations.RunSQL.noop,
        ),
    ]
