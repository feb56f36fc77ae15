import datetime

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.lookups
from django.db import migrations, models

import homeshield.audit.models
import homeshield.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditUnsealed",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "audit_unsealed",
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("occurred_at_utc", models.DateTimeField(verbose_name="when (UTC)")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("sign_in", "Sign-in"),
                            ("sign_out", "Sign-out"),
                            ("sign_up", "Sign-up"),
                            ("password.change", "Password changed"),
                            ("password.reset", "Password reset"),
                            ("email.change", "Email address changed"),
                            ("email.confirm", "Email address confirmed"),
                            ("mfa.add", "Second factor added"),
                            ("mfa.remove", "Second factor removed"),
                            ("mfa.reset", "Recovery codes made anew"),
                            ("mfa.check", "Second factor checked"),
                            ("session.end", "Session ended"),
                            ("client.create", "Client created"),
                            ("client.status", "Client's status changed"),
                            ("client.change", "Client changed"),
                            ("user.create", "User created"),
                            ("user.status", "User's status changed"),
                            ("user.role", "User's role changed"),
                            ("user.permissions", "User's permissions changed"),
                            ("invitation.send", "Invitation sent"),
                            ("invitation.accept", "Invitation accepted"),
                            ("invitation.withdraw", "Invitation withdrawn"),
                            ("api_key.create", "API key made"),
                            ("api_key.revoke", "API key revoked"),
                            ("price.set", "Price set"),
                            ("price.withdraw", "Price withdrawn"),
                            ("purchase", "Purchase"),
                            ("export.start", "Export begun"),
                            ("export.end", "Export ended"),
                            ("ingest", "Ingest"),
                            ("personal_data.see", "Personal data seen"),
                            ("admin.add", "Added by staff"),
                            ("admin.change", "Changed by staff"),
                            ("admin.delete", "Deleted by staff"),
                        ],
                        max_length=40,
                        verbose_name="what",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("done", "Done"), ("refused", "Refused"), ("failed", "Failed")], max_length=8
                    ),
                ),
                ("actor_id", models.UUIDField(null=True, verbose_name="user")),
                ("actor", models.TextField(blank=True, verbose_name="who")),
                (
                    "channel",
                    models.CharField(
                        choices=[("page", "Page"), ("api", "API"), ("command", "Command"), ("process", "Process")],
                        max_length=8,
                    ),
                ),
                ("source", models.TextField(blank=True, verbose_name="page or command")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="from where")),
                ("request_id", models.CharField(max_length=64, verbose_name="request")),
                ("client_id", models.UUIDField(null=True, verbose_name="client")),
                ("object_type", models.CharField(blank=True, max_length=60, verbose_name="kind of object")),
                ("object_id", models.TextField(blank=True, verbose_name="object")),
                ("details", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "verbose_name": "audit event",
                "db_table": "audit_events",
                "ordering": ["-occurred_at_utc", "-id"],
                "indexes": [
                    models.Index(models.F("occurred_at_utc"), models.F("id"), name="audit_event_by_instant"),
                    models.Index(
                        models.F("actor_id"), models.F("occurred_at_utc"), models.F("id"), name="audit_event_by_actor"
                    ),
                    models.Index(
                        models.F("actor"), models.F("occurred_at_utc"), models.F("id"), name="audit_event_by_name"
                    ),
                    models.Index(
                        models.F("client_id"), models.F("occurred_at_utc"), models.F("id"), name="audit_event_by_client"
                    ),
                    models.Index(
                        models.F("action"), models.F("occurred_at_utc"), models.F("id"), name="audit_event_by_action"
                    ),
                    models.Index(
                        models.F("object_id"), models.F("occurred_at_utc"), models.F("id"), name="audit_event_by_object"
                    ),
                    models.Index(models.F("request_id"), name="audit_event_by_request"),
                    models.Index(
                        models.F("occurred_at_utc"),
                        models.F("id"),
                        condition=models.Q(("outcome", "done"), _negated=True),
                        name="audit_event_not_done",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__regex", "^[a-z_.]+$")), name="audit_event_action_well_formed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["done", "refused", "failed"])),
                        name="audit_event_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["page", "api", "command", "process"])),
                        name="audit_event_channel_known",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            homeshield.audit.models.JsonType("details"), models.Value("object")
                        ),
                        name="audit_event_details_are_an_object",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("occurred_at_utc__gte", datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                            ("occurred_at_utc__lt", datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                        ),
                        name="audit_event_instant_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Regex(
                                django.db.models.functions.comparison.Cast("details", models.TextField()),
                                models.Value("[0-9]{200}"),
                            ),
                            _negated=True,
                        ),
                        name="audit_event_numbers_readable",
                    ),
                    models.UniqueConstraint(
                        models.F("actor_id"),
                        models.F("object_type"),
                        models.F("object_id"),
                        homeshield.audit.models.Hour("occurred_at_utc"),
                        condition=models.Q(("action", "personal_data.see")),
                        name="audit_event_seen_once_an_hour",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at_utc", models.DateTimeField(verbose_name="sealed (UTC)")),
                ("previous_hash", models.BinaryField(max_length=32)),
                ("hash", models.BinaryField(max_length=32)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seal", to="audit.auditevent"
                    ),
                ),
            ],
            options={
                "db_table": "audit_seals",
                "ordering": ["sequence"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("sequence__gte", 1)), name="audit_seals_begin_at_one"),
                    models.UniqueConstraint(fields=("previous_hash",), name="audit_seal_follows_one"),
                ],
            },
        ),
    ]
