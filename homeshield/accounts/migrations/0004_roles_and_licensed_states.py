import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_api_key"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="licensed_states",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=2),
                blank=True,
                default=list,
                help_text="Where the company is licensed to sell: elsewhere it sees and buys nothing. None means everywhere.",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[("owner", "Owner"), ("buyer", "Buyer"), ("viewer", "Viewer")],
                default="viewer",
                help_text="What the user may do for the client; without a client it means nothing.",
                max_length=6,
            ),
        ),
        # Until now every user of a company could do everything.
        migrations.RunSQL("UPDATE users SET role = 'owner' WHERE client_id IS NOT NULL", migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="client_keeps_an_owner",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."client_id" IS NOT NULL AND OLD."role" = \'owner\')',
                    constraint="CONSTRAINT",
                    func="\n                    PERFORM FROM clients WHERE id = OLD.client_id FOR UPDATE;\n                    IF EXISTS (SELECT FROM users WHERE client_id = OLD.client_id AND is_active)\n                       AND NOT EXISTS (\n                           SELECT FROM users WHERE client_id = OLD.client_id AND is_active AND role = 'owner'\n                       )\n                    THEN\n                        RAISE EXCEPTION 'client % would be left without an owner', OLD.client_id\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'client_keeps_an_owner';\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="f8f98605e88dc6d68c2a76235bc116fd29bc06dc",
                    operation='UPDATE OF "client_id", "role", "is_active" OR DELETE',
                    pgid="pgtrigger_client_keeps_an_owner_a3818",
                    table="users",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "licensed_states__contained_by",
                        [
                            "AA",
                            "AE",
                            "AK",
                            "AL",
                            "AP",
                            "AR",
                            "AS",
                            "AZ",
                            "CA",
                            "CO",
                            "CT",
                            "DC",
                            "DE",
                            "FL",
                            "GA",
                            "GU",
                            "HI",
                            "IA",
                            "ID",
                            "IL",
                            "IN",
                            "KS",
                            "KY",
                            "LA",
                            "MA",
                            "MD",
                            "ME",
                            "MI",
                            "MN",
                            "MO",
                            "MP",
                            "MS",
                            "MT",
                            "NC",
                            "ND",
                            "NE",
                            "NH",
                            "NJ",
                            "NM",
                            "NV",
                            "NY",
                            "OH",
                            "OK",
                            "OR",
                            "PA",
                            "PR",
                            "RI",
                            "SC",
                            "SD",
                            "TN",
                            "TX",
                            "UM",
                            "UT",
                            "VA",
                            "VI",
                            "VT",
                            "WA",
                            "WI",
                            "WV",
                            "WY",
                        ],
                    )
                ),
                name="client_licensed_states_known",
                violation_error_message="Licensed states are given by their codes, such as LA and TX.",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "buyer", "viewer"])),
                name="user_role_known",
                violation_error_message="A user is an owner, a buyer or a viewer.",
            ),
        ),
    ]
