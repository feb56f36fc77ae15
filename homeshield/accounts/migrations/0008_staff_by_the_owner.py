"""Nobody but the owner of the tables makes members of staff or superusers.

Not a trigger of pgtrigger's: those can be told to look away by a setting that any session may make. Not a grant of
columns: Django's `save()` names all of them.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_keys_of_active_clients")]

    operations = [
        migrations.RunSQL(
            sql="""
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
            reverse_sql="""
                DROP TRIGGER staff_is_changed_by_the_owner ON users;
                DROP TRIGGER staff_is_made_by_the_owner ON users;
                DROP FUNCTION staff_is_made_by_the_owner();
            """,
        ),
    ]
