import datetime

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids
import homeshield.lib.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("inventory", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Quote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("quoted_at_utc", models.DateTimeField(verbose_name="quoted (UTC)")),
                ("expires_at_utc", models.DateTimeField(verbose_name="expires (UTC)")),
                (
                    "subtotal",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="subtotal (USD)"),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="quotes", to="accounts.client"
                    ),
                ),
            ],
            options={
                "db_table": "quotes",
                "ordering": ["-quoted_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="QuoteItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "unit_price",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="unit price (USD)"),
                ),
                (
                    "inventory",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.inventoryrecord",
                    ),
                ),
                (
                    "quote",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="pricing.quote",
                    ),
                ),
            ],
            options={
                "db_table": "quote_items",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="PriceRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
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
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                ("effective_from_utc", models.DateTimeField(verbose_name="in force from (UTC)")),
                ("effective_until_utc", models.DateTimeField(blank=True, null=True, verbose_name="until (UTC)")),
                (
                    "created_at_utc",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="entered (UTC)",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "price rule",
                "db_table": "pricing",
                "ordering": ["classification", "age_bucket", "-effective_from_utc"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "age_bucket__in",
                                ["MONTH_3_TO_5", "MONTH_6_TO_8", "MONTH_9_TO_11", "MONTH_12_TO_23", "MONTH_24_PLUS"],
                            )
                        ),
                        name="price_bucket_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("classification__in", ["Gold", "Silver"])),
                        name="price_classification_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)),
                        name="price_not_negative",
                        violation_error_message="A price is not negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_until_utc__isnull", True),
                            ("effective_until_utc__gt", models.F("effective_from_utc")),
                            _connector="OR",
                        ),
                        name="price_ends_after_it_begins",
                        violation_error_message="A price rule ends after it begins.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.Case(
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_3_TO_5")),
                                            then=models.Value(0),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_6_TO_8")),
                                            then=models.Value(1),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_9_TO_11")),
                                            then=models.Value(2),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_12_TO_23")),
                                            then=models.Value(3),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_24_PLUS")),
                                            then=models.Value(4),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_3_TO_5")),
                                            then=models.Value(5),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_6_TO_8")),
                                            then=models.Value(6),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_9_TO_11")),
                                            then=models.Value(7),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_12_TO_23")),
                                            then=models.Value(8),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_24_PLUS")),
                                            then=models.Value(9),
                                        ),
                                        output_field=models.IntegerField(),
                                    ),
                                    models.Case(
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_3_TO_5")),
                                            then=models.Value(0),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_6_TO_8")),
                                            then=models.Value(1),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_9_TO_11")),
                                            then=models.Value(2),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_12_TO_23")),
                                            then=models.Value(3),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Gold"), ("age_bucket", "MONTH_24_PLUS")),
                                            then=models.Value(4),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_3_TO_5")),
                                            then=models.Value(5),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_6_TO_8")),
                                            then=models.Value(6),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_9_TO_11")),
                                            then=models.Value(7),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_12_TO_23")),
                                            then=models.Value(8),
                                        ),
                                        models.When(
                                            models.Q(("classification", "Silver"), ("age_bucket", "MONTH_24_PLUS")),
                                            then=models.Value(9),
                                        ),
                                        output_field=models.IntegerField(),
                                    ),
                                    models.Value("[]"),
                                    function="int4range",
                                    output_field=django.contrib.postgres.fields.ranges.IntegerRangeField(),
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    "effective_from_utc",
                                    "effective_until_utc",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="price_one_rule_at_any_instant",
                        violation_error_message="Another rule for this classification and bucket is in force at that time.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="quote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "expires_at_utc",
                        django.db.models.expressions.CombinedExpression(
                            models.F("quoted_at_utc"), "+", models.Value(datetime.timedelta(seconds=900))
                        ),
                    )
                ),
                name="quote_holds_for_15_minutes",
            ),
        ),
        migrations.AddConstraint(
            model_name="quote",
            constraint=models.CheckConstraint(
                condition=models.Q(("subtotal__gte", 0)), name="quote_subtotal_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="quote",
            constraint=models.CheckConstraint(condition=models.Q(("currency", "USD")), name="quote_currency_known"),
        ),
        migrations.AddConstraint(
            model_name="quoteitem",
            constraint=models.UniqueConstraint(fields=("quote", "inventory"), name="quote_item_once"),
        ),
        migrations.AddConstraint(
            model_name="quoteitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_price__gte", 0)), name="quote_item_price_not_negative"
            ),
        ),
    ]
