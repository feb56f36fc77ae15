import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_cache_and_allowances"),
        ("leads", "0001_initial"),
        ("inventory", "0003_withholding"),
    ]

    operations = [
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lead_id", "client_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exclusions",
                        to="leads.lead",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exclusions",
                        to="accounts.client",
                    ),
                ),
                ("owned", models.BooleanField(db_default=False)),
                ("listed", models.BooleanField(db_default=False)),
            ],
            options={
                "db_table": "exclusions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("owned", True), ("listed", True), _connector="OR"),
                        name="exclusion_has_a_reason",
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="placecount", name="inventory_count_once"),
        migrations.AddField(model_name="countchange", name="listed", field=models.BooleanField(db_default=False)),
        migrations.AddField(model_name="placecount", name="listed", field=models.BooleanField(db_default=False)),
        migrations.AddConstraint(
            model_name="placecount",
            constraint=models.UniqueConstraint(
                fields=("owner", "state", "county", "classification", "age_bucket", "listed"),
                name="inventory_count_once",
                nulls_distinct=False,
            ),
        ),
    ]
