"""What Django's migrations cannot say: the cache's table, unlogged tables, who makes staff, and who sees which rows."""

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
        migrations.RunSQL(
            """
            ALTER TABLE preview_allowances ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own_client ON preview_allowances
                USING (client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid));
            CREATE POLICY staff_looks ON preview_allowances FOR SELECT
                USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
            """,
            migrations.RunSQL.noop,
        ),
        # Not by pgtrigger: a setting of the session, which any role may make, switches its triggers off.
        # Not by a grant of columns: Django's `save()` names all of them.
        migrations.RunSQL(
            """
            CREATE FUNCTION staff_is_made_by_the_owner() RETURNS trigger
                LANGUAGE plpgsql SET search_path = pg_catalog
                AS $$
                    BEGIN
                        IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'only the owner of the tables makes members of staff'
                            USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'staff_is_made_by_the_owner',
                                  HINT = 'Use manage.py staff.';
                    END
                    $$;
            CREATE TRIGGER staff_is_made_by_the_owner BEFORE INSERT ON users FOR EACH ROW
                WHEN (NEW.is_staff OR NEW.is_superuser)
                EXECUTE FUNCTION staff_is_made_by_the_owner();
            CREATE TRIGGER staff_is_changed_by_the_owner BEFORE UPDATE ON users FOR EACH ROW
                WHEN ((OLD.is_staff, OLD.is_superuser) IS DISTINCT FROM (NEW.is_staff, NEW.is_superuser))
                EXECUTE FUNCTION staff_is_made_by_the_owner();
            """,
            "DROP FUNCTION staff_is_made_by_the_owner CASCADE",
        ),
    ]
