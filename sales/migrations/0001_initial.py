import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids
import homeshield.lib.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("inventory", "0001_initial"),
        ("leads", "0001_initial"),
        ("pricing", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="draft", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "drafts",
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("placed_at_utc", models.DateTimeField(verbose_name="placed (UTC)")),
                ("quantity", models.PositiveIntegerField(verbose_name="leads")),
                ("total", homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="total (USD)")),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("idempotency_key", models.CharField(max_length=255)),
                ("request_digest", models.CharField(max_length=64, verbose_name="digest of what was asked for")),
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="accounts.client",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "quote",
                    models.ForeignKey(
                        db_index=False,
                        help_text="The quote whose prices the order paid. Empty means the prices in force.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pricing.quote",
                    ),
                ),
            ],
            options={
                "db_table": "orders",
                "ordering": ["-placed_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
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
                ("state", models.CharField(blank=True, max_length=2, null=True)),
                ("county", models.TextField(blank=True, null=True)),
                (
                    "quantity",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ]
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="line")),
                (
                    "unit_price",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="unit price (USD)"),
                ),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                (
                    "replaced",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How many leads replaced ones that were asked for by id and were gone."
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.order",
                    ),
                ),
            ],
            options={
                "db_table": "order_lines",
                "ordering": ["order", "number"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Sale",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line_number", models.PositiveSmallIntegerField(verbose_name="line")),
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
                        verbose_name="age bucket at purchase",
                    ),
                ),
                (
                    "purchase_price",
                    homeshield.lib.money.MoneyField(
                        decimal_places=2, max_digits=12, verbose_name="purchase price (USD)"
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("sold_at_utc", models.DateTimeField(verbose_name="purchase date (UTC)")),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sales",
                        to="accounts.client",
                    ),
                ),
                (
                    "inventory",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sale", to="inventory.inventoryrecord"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sales",
                        to="leads.lead",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sales",
                        to="sales.order",
                    ),
                ),
            ],
            options={
                "db_table": "sales",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="DraftLine",
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
                ("state", models.CharField(blank=True, max_length=2, null=True)),
                ("county", models.TextField(blank=True, null=True)),
                (
                    "quantity",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ]
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="sales.draft",
                    ),
                ),
            ],
            options={
                "db_table": "draft_lines",
                "ordering": ["id"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1), ("quantity__lte", 1000)),
                        name="draftline_quantity_1_to_1000",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "age_bucket__in",
                                ["MONTH_3_TO_5", "MONTH_6_TO_8", "MONTH_9_TO_11", "MONTH_12_TO_23", "MONTH_24_PLUS"],
                            )
                        ),
                        name="draftline_bucket_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("classification__in", ["Gold", "Silver"])),
                        name="draftline_classification_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("county__isnull", True), ("state__isnull", False), _connector="OR"),
                        name="draftline_county_within_state",
                    ),
                    models.UniqueConstraint(
                        fields=("draft", "classification", "age_bucket", "state", "county"),
                        name="draft_line_once_per_criteria",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.F("client"),
                models.OrderBy(models.F("placed_at_utc"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="order_history",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("client", "idempotency_key"),
                name="order_once_per_client_and_key",
                violation_error_message="This order has been placed already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("quote__isnull", False)),
                fields=("quote",),
                name="order_once_per_quote",
                violation_error_message="This quote has been used already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(condition=models.Q(("total__gte", 0)), name="order_total_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="order_quantity_positive"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(condition=models.Q(("currency", "USD")), name="order_currency_known"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1), ("quantity__lte", 1000)), name="orderline_quantity_1_to_1000"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "age_bucket__in",
                        ["MONTH_3_TO_5", "MONTH_6_TO_8", "MONTH_9_TO_11", "MONTH_12_TO_23", "MONTH_24_PLUS"],
                    )
                ),
                name="orderline_bucket_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("classification__in", ["Gold", "Silver"])), name="orderline_classification_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("county__isnull", True), ("state__isnull", False), _connector="OR"),
                name="orderline_county_within_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "number"), name="order_line_number_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_price__gte", 0)), name="order_line_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("replaced__lte", models.F("quantity"))), name="order_line_replaced_at_most_all"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount",
                        django.db.models.expressions.CombinedExpression(
                            models.F("unit_price"), "*", models.F("quantity")
                        ),
                    )
                ),
                name="order_line_amount_is_price_times_quantity",
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(models.F("order"), models.F("line_number"), models.F("id"), name="sale_by_order"),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.UniqueConstraint(
                fields=("client", "lead"),
                name="sale_once_per_client_and_lead",
                violation_error_message="The client owns this lead already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.CheckConstraint(
                condition=models.Q(("purchase_price__gte", 0)), name="sale_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "age_bucket__in",
                        ["MONTH_3_TO_5", "MONTH_6_TO_8", "MONTH_9_TO_11", "MONTH_12_TO_23", "MONTH_24_PLUS"],
                    )
                ),
                name="sale_bucket_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.CheckConstraint(condition=models.Q(("currency", "USD")), name="sale_currency_known"),
        ),
    ]
