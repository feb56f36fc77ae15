import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("sales", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "exported_at_utc",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="exported (UTC)",
                    ),
                ),
                (
                    "sale_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), verbose_name="sales"),
                ),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                (
                    "api_key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apikey",
                        verbose_name="API key",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exports", to="accounts.client"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "exports",
                "ordering": ["-exported_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="SanitisedCell",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("column", models.CharField(max_length=40)),
                ("removed", models.TextField(verbose_name="characters removed")),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sanitised_cells", to="exports.export"
                    ),
                ),
                (
                    "sale",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sales.sale"
                    ),
                ),
            ],
            options={
                "db_table": "export_sanitised_cells",
                "ordering": ["export", "sale", "column"],
            },
        ),
        migrations.CreateModel(
            name="ExportCompletion",
            fields=[
                (
                    "export",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="completion",
                        serialize=False,
                        to="exports.export",
                    ),
                ),
                (
                    "completed_at_utc",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="completed (UTC)",
                    ),
                ),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                (
                    "sha256",
                    models.CharField(help_text="In hexadecimal.", max_length=64, verbose_name="SHA-256 of the file"),
                ),
            ],
            options={
                "db_table": "export_completions",
                "ordering": ["export"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="export_digest_is_a_sha_256"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(("rows", models.Func("sale_ids", function="cardinality"))),
                name="export_counts_its_sales",
            ),
        ),
    ]
