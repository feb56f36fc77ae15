from django.db import migrations


class Migration(migrations.Migration):
    """The triggers of the audit record.

    Not by pgtrigger: a setting of the session, which any role may make, switches its triggers off.
    """

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION audit_record_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'the audit record is final: % of % is refused', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_record_is_final';
            END $$;
            CREATE TRIGGER audit_event_is_final BEFORE UPDATE OR DELETE ON audit_events
                FOR EACH ROW EXECUTE FUNCTION audit_record_is_final();
            CREATE TRIGGER audit_events_stay BEFORE TRUNCATE ON audit_events
                FOR EACH STATEMENT EXECUTE FUNCTION audit_record_is_final();
            CREATE TRIGGER audit_seal_is_final BEFORE UPDATE OR DELETE ON audit_seals
                FOR EACH ROW EXECUTE FUNCTION audit_record_is_final();
            CREATE TRIGGER audit_seals_stay BEFORE TRUNCATE ON audit_seals
                FOR EACH STATEMENT EXECUTE FUNCTION audit_record_is_final();

            CREATE FUNCTION audit_event_waits_for_its_seal() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO audit_unsealed (event_id) VALUES (NEW.id);
                RETURN NULL;
            END $$;
            CREATE TRIGGER audit_event_waits_for_its_seal AFTER INSERT ON audit_events
                FOR EACH ROW EXECUTE FUNCTION audit_event_waits_for_its_seal();
            """,
            """
            DROP FUNCTION audit_record_is_final CASCADE;
            DROP FUNCTION audit_event_waits_for_its_seal CASCADE;
            """,
        ),
    ]
