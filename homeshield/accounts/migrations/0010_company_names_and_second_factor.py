import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from homeshield.accounts.company_names import UNSEEN


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_preview_allowances"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="requires_second_factor",
            field=models.BooleanField(
                default=False,
                help_text="Whether its users see nothing of the company's before they have a second factor.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="client",
            trigger=pgtrigger.compiler.Trigger(
                name="client_second_factor_begins_with_an_owner",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."requires_second_factor")',
                    func="\n                    IF NOT EXISTS (\n                        SELECT FROM users JOIN mfa_authenticator ON mfa_authenticator.user_id = users.id\n                        WHERE users.client_id = NEW.id AND users.role = 'owner' AND users.is_active\n                          AND mfa_authenticator.type IN ('totp', 'webauthn')\n                    )\n                    THEN\n                        RAISE EXCEPTION 'no owner of client % has a second factor', NEW.id\n                            USING ERRCODE = 'check_violation',\n                                  CONSTRAINT = 'client_second_factor_begins_with_an_owner';\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="4dd3a1e292b588412b9fa0fa935b600f122ba414",
                    operation='INSERT OR UPDATE OF "requires_second_factor"',
                    pgid="pgtrigger_client_second_factor_begins_with_an_owner_79a3b",
                    table="clients",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="invitation_of_an_active_client",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF NOT EXISTS (SELECT FROM clients WHERE id = NEW.client_id AND status = 'active') THEN\n                        RAISE EXCEPTION 'client % is not active, and invites nobody', NEW.client_id\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'invitation_of_an_active_client';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="85cad13993f99a2eaca8dd4b3fc08c182cae26bd",
                    operation="INSERT",
                    pgid="pgtrigger_invitation_of_an_active_client_c7141",
                    table="invitations",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            f"""
            UPDATE clients SET name = coalesce(nullif(btrim(regexp_replace(name, '{UNSEEN}', '', 'g')), ''), 'Company')
            WHERE name ~ '{UNSEEN}'
            """,  # noqa: S608 - a text of ours
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff]",
                    ),
                    _negated=True,
                ),
                name="client_name_shows_all_it_holds",
                violation_error_message="A company name has no control characters or invisible characters.",
            ),
        ),
    ]
