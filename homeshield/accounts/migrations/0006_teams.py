import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_allowances_of_keys_and_addresses"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("buyer", "Buyer"), ("viewer", "Viewer")], max_length=6
                    ),
                ),
                ("created_at_utc", models.DateTimeField()),
                ("expires_at_utc", models.DateTimeField()),
                ("accepted_at_utc", models.DateTimeField(null=True)),
                ("withdrawn_at_utc", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="accounts.client"
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "invitations",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ClientChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("changed_at_utc", models.DateTimeField(verbose_name="changed (UTC)")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending approval"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "licensed_states",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), default=list),
                ),
                ("reason", models.CharField(max_length=500)),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="accounts.client"
                    ),
                ),
            ],
            options={
                "db_table": "client_changes",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "^\\s*$"), _negated=True),
                        name="client_change_has_a_reason",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clientchange",
            trigger=pgtrigger.compiler.Trigger(
                name="client_change_is_final",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4638e74da227b1d9da115e6de5654a4f957d3f6c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_client_change_is_final_65fda",
                    table="client_changes",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepted_at_utc__isnull", True), ("withdrawn_at_utc__isnull", True)),
                fields=("client", "email"),
                name="invitation_open_once_per_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "buyer", "viewer"])), name="invitation_role_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="invitation_email_in_lower_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at_utc__gt", models.F("created_at_utc"))), name="invitation_runs_out_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_at_utc__isnull", True),
                    models.Q(("accepted_at_utc__lt", models.F("expires_at_utc")), ("withdrawn_at_utc__isnull", True)),
                    _connector="OR",
                ),
                name="invitation_accepted_in_time",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="invitation_facts_are_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."client_id" IS DISTINCT FROM (NEW."client_id") OR OLD."created_at_utc" IS DISTINCT FROM (NEW."created_at_utc") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."expires_at_utc" IS DISTINCT FROM (NEW."expires_at_utc") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."invited_by_id" IS DISTINCT FROM (NEW."invited_by_id") OR OLD."role" IS DISTINCT FROM (NEW."role"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="16b9e7da4483593b244fc80d2cfea2b255c97923",
                    operation="UPDATE",
                    pgid="pgtrigger_invitation_facts_are_fixed_e288c",
                    table="invitations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="invitation_ends_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."accepted_at_utc" IS NOT NULL OR OLD."withdrawn_at_utc" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2158de424f0e4f1413851dbc47258d5e8f06da40",
                    operation="UPDATE",
                    pgid="pgtrigger_invitation_ends_once_9e5a4",
                    table="invitations",
                    when="BEFORE",
                ),
            ),
        ),
    ]
