"""Owners are mailed when a bank claims a payment back, and when a refund fails. What is older counts as told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_payments")]

    operations = [
        migrations.AddField("refund", "told_at_utc", models.DateTimeField("told of the failure (UTC)", null=True)),
        migrations.AddField("dispute", "told_at_utc", models.DateTimeField("told (UTC)", null=True)),
        migrations.AddIndex(
            "refund",
            models.Index(
                models.F("id"),
                name="refund_failure_untold",
                condition=models.Q(("status", "failed"), ("told_at_utc__isnull", True)),
            ),
        ),
        migrations.AddIndex(
            "dispute",
            models.Index(
                models.F("id"),
                name="dispute_untold",
                condition=models.Q(("status__in", ("open", "lost")), ("told_at_utc__isnull", True)),
            ),
        ),
        migrations.RunSQL(
            """
            UPDATE payment_refunds SET told_at_utc = now() WHERE status = 'failed';
            UPDATE payment_disputes SET told_at_utc = now() WHERE status IN ('open', 'lost');
            """,
            migrations.RunSQL.noop,
        ),
    ]
