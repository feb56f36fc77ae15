import django.db.models.deletion
from django.db import migrations, models

import homeshield.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("leads", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("classification", models.CharField(choices=[("Gold", "Gold"), ("Silver", "Silver")], max_length=6)),
                (
                    "age_bucket",
                    models.CharField(
                        choices=[
                            ("MONTH_3_TO_5", "3 to 5 months"),
                            ("MONTH_6_TO_8", "6 to 8 months"),
                            ("MONTH_9_TO_11", "9 to 11 months"),
                            ("MONTH_12_TO_23", "12 to 23 months"),
                            ("MONTH_24_PLUS", "24 months and more"),
                        ],
                        max_length=14,
                    ),
                ),
                ("state", models.CharField(max_length=2)),
                ("county", models.TextField(blank=True)),
                ("owner", models.UUIDField(null=True)),
                ("records", models.IntegerField()),
            ],
            options={
                "db_table": "inventory_count_changes",
            },
        ),
        migrations.CreateModel(
            name="PlaceCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("classification", models.CharField(choices=[("Gold", "Gold"), ("Silver", "Silver")], max_length=6)),
                (
                    "age_bucket",
                    models.CharField(
                        choices=[
                            ("MONTH_3_TO_5", "3 to 5 months"),
                            ("MONTH_6_TO_8", "6 to 8 months"),
                            ("MONTH_9_TO_11", "9 to 11 months"),
                            ("MONTH_12_TO_23", "12 to 23 months"),
                            ("MONTH_24_PLUS", "24 months and more"),
                        ],
                        max_length=14,
                    ),
                ),
                ("state", models.CharField(max_length=2)),
                ("owner", models.UUIDField(null=True)),
                ("county", models.TextField(null=True)),
                ("records", models.IntegerField()),
            ],
            options={
                "db_table": "inventory_counts",
                "indexes": [
                    models.Index(
                        models.F("owner"),
                        condition=models.Q(("county", None)),
                        name="inventory_counts_of_states",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "state", "county", "classification", "age_bucket"),
                        name="inventory_count_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="YoungLead",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="young",
                        serialize=False,
                        to="leads.lead",
                    ),
                ),
                ("enters_at_utc", models.DateTimeField(db_index=True, verbose_name="enters the first bucket (UTC)")),
            ],
            options={
                "db_table": "young_leads",
                "ordering": ["enters_at_utc", "lead"],
            },
        ),
        migrations.CreateModel(
            name="InventoryRecord",
            fields=[
                ("classification", models.CharField(choices=[("Gold", "Gold"), ("Silver", "Silver")], max_length=6)),
                (
                    "age_bucket",
                    models.CharField(
                        choices=[
                            ("MONTH_3_TO_5", "3 to 5 months"),
                            ("MONTH_6_TO_8", "6 to 8 months"),
                            ("MONTH_9_TO_11", "9 to 11 months"),
                            ("MONTH_12_TO_23", "12 to 23 months"),
                            ("MONTH_24_PLUS", "24 months and more"),
                        ],
                        max_length=14,
                    ),
                ),
                ("state", models.CharField(max_length=2)),
                ("county", models.TextField(blank=True)),
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("enters_at_utc", models.DateTimeField(verbose_name="enters the bucket (UTC)")),
                ("expires_at_utc", models.DateTimeField(verbose_name="leaves the bucket (UTC)")),
                ("sold_at_utc", models.DateTimeField(blank=True, null=True, verbose_name="sold (UTC)")),
                ("lapsed_at_utc", models.DateTimeField(blank=True, null=True, verbose_name="closed by the roll (UTC)")),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inventory",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "verbose_name": "inventory record",
                "db_table": "inventory",
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        models.F("classification"),
                        models.F("age_bucket"),
                        models.F("state"),
                        models.F("county"),
                        models.F("expires_at_utc"),
                        models.F("id"),
                        condition=models.Q(("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", True)),
                        name="inventory_open_by_county",
                    ),
                    models.Index(
                        models.F("classification"),
                        models.F("age_bucket"),
                        models.F("state"),
                        models.F("expires_at_utc"),
                        models.F("id"),
                        condition=models.Q(("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", True)),
                        name="inventory_open_by_state",
                    ),
                    models.Index(
                        models.F("classification"),
                        models.F("age_bucket"),
                        models.F("expires_at_utc"),
                        models.F("id"),
                        condition=models.Q(("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", True)),
                        name="inventory_open_by_cell",
                    ),
                    models.Index(
                        models.F("expires_at_utc"),
                        models.F("id"),
                        condition=models.Q(("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", True)),
                        name="inventory_open",
                    ),
                    models.Index(
                        models.F("expires_at_utc"),
                        models.F("id"),
                        condition=models.Q(("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", False)),
                        name="inventory_sold_due",
                    ),
                    models.Index(
                        models.F("enters_at_utc"),
                        condition=models.Q(
                            ("lapsed_at_utc__isnull", True),
                            ("sold_at_utc__isnull", True),
                            ("age_bucket", "MONTH_24_PLUS"),
                        ),
                        name="inventory_open_last_by_entry",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lead", "age_bucket"),
                        name="inventory_once_per_lead_and_bucket",
                        violation_error_message="There is a record for this lead and bucket already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "age_bucket__in",
                                ["MONTH_3_TO_5", "MONTH_6_TO_8", "MONTH_9_TO_11", "MONTH_12_TO_23", "MONTH_24_PLUS"],
                            )
                        ),
                        name="inventory_bucket_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("classification__in", ["Gold", "Silver"])),
                        name="inventory_classification_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sold_at_utc__isnull", True),
                            models.Q(
                                ("sold_at_utc__gte", models.F("enters_at_utc")),
                                ("sold_at_utc__lt", models.F("expires_at_utc")),
                            ),
                            _connector="OR",
                        ),
                        name="inventory_sold_within_its_window",
                        violation_error_message="A record is sold only while its lead is in the bucket.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lapsed_at_utc__isnull", True),
                            ("lapsed_at_utc__gte", models.F("expires_at_utc")),
                            _connector="OR",
                        ),
                        name="inventory_lapsed_after_its_window",
                    ),
                ],
            },
        ),
    ]
