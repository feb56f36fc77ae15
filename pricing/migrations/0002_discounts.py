"""Discounts, clients' own prices, and what a quoted price was before."""

from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids
import homeshield.lib.money


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_cache_and_allowances"),
        ("inventory", "0006_pick_starts"),
        ("pricing", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("CREATE TYPE uuidrange AS RANGE (subtype = uuid)", "DROP TYPE uuidrange"),
        migrations.AddField(
            model_name="quote",
            name="discount_code",
            field=models.CharField(blank=True, default="", help_text="As it was given.", max_length=32),
        ),
        # Earlier quotes knew no discounts. The second statement fills the column in one rewrite, past the triggers that
        # keep rows as they are.
        migrations.RunSQL(
            """
            ALTER TABLE quote_items ADD COLUMN list_price numeric(12, 2);
            ALTER TABLE quote_items ALTER COLUMN list_price TYPE numeric(12, 2) USING unit_price,
                ALTER COLUMN list_price SET NOT NULL;
            """,
            "ALTER TABLE quote_items DROP COLUMN list_price",
            state_operations=[
                migrations.AddField(
                    model_name="quoteitem",
                    name="list_price",
                    field=homeshield.lib.money.MoneyField(
                        decimal_places=2, max_digits=12, verbose_name="general price (USD)"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClientPrice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
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
                    "classification",
                    models.CharField(
                        choices=[("Gold", "Gold"), ("Silver", "Silver")], max_length=6, verbose_name="class"
                    ),
                ),
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
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
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
                "verbose_name": "client's own price",
                "verbose_name_plural": "clients' own prices",
                "db_table": "client_prices",
                "ordering": ["client", "classification", "age_bucket", "-effective_from_utc"],
            },
        ),
        migrations.CreateModel(
            name="DiscountRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
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
                ("name", models.CharField(help_text="Buyers see it beside their price.", max_length=60)),
                ("percentage", models.DecimalField(decimal_places=1, max_digits=3, verbose_name="percent off")),
                ("least_leads", models.PositiveIntegerField(default=1, verbose_name="leads in the order, at least")),
                ("code", models.CharField(blank=True, max_length=32, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
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
                "verbose_name": "discount",
                "db_table": "discount_rules",
                "ordering": ["-effective_from_utc", "-id"],
            },
        ),
        migrations.AddField(
            model_name="quoteitem",
            name="discount",
            field=models.ForeignKey(
                db_index=False,
                help_text="What made it lower. Empty where it is not, or is the client's own price.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pricing.discountrule",
            ),
        ),
        migrations.AddIndex(
            model_name="quoteitem",
            index=models.Index(
                models.F("discount"), condition=models.Q(("discount__isnull", False)), name="quote_item_by_discount"
            ),
        ),
        migrations.AddConstraint(
            model_name="quoteitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("list_price__gte", models.F("unit_price"))),
                name="quote_item_never_above_the_general_price",
            ),
        ),
        migrations.AddIndex(
            model_name="clientprice",
            index=models.Index(
                models.F("client"),
                models.F("classification"),
                models.F("age_bucket"),
                models.F("effective_from_utc"),
                name="client_price_history",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "age_bucket__in",
                        ["MONTH_3_TO_5", "MONTH_6_TO_8", "MONTH_9_TO_11", "MONTH_12_TO_23", "MONTH_24_PLUS"],
                    )
                ),
                name="client_price_bucket_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("classification__in", ["Gold", "Silver"])), name="client_price_classification_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)),
                name="client_price_not_negative",
                violation_error_message="A price is not negative.",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("effective_until_utc__isnull", True),
                    ("effective_until_utc__gt", models.F("effective_from_utc")),
                    _connector="OR",
                ),
                name="client_price_ends_after_it_begins",
                violation_error_message="A price ends after it begins.",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientprice",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            models.F("client"),
                            models.F("client"),
                            models.Value("[]"),
                            function="uuidrange",
                            output_field=django.contrib.postgres.fields.ranges.RangeField(),
                        ),
                        "&&",
                    ),
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
                name="client_price_one_at_any_instant",
                violation_error_message="The client has another price of this class and bucket at that time.",
            ),
        ),
        migrations.AddIndex(
            model_name="discountrule",
            index=models.Index(
                models.F("client"), condition=models.Q(("code__isnull", True)), name="discount_without_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="discountrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("percentage__gte", Decimal("0.1")), ("percentage__lte", Decimal("90.0"))),
                name="discount_between_a_tenth_and_90_percent",
                violation_error_message="A discount is 0.1 to 90 percent.",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("least_leads__gte", 1), ("least_leads__lte", 50000)),
                name="discount_from_one_lead_on",
                violation_error_message="The least number of leads is 1 to 50,000.",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="discount_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="discountrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code__isnull", True), ("code__regex", "^[A-Z0-9][A-Z0-9-]{2,31}$"), _connector="OR"
                ),
                name="discount_code_well_formed",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("effective_until_utc__isnull", True),
                    ("effective_until_utc__gt", models.F("effective_from_utc")),
                    _connector="OR",
                ),
                name="discount_ends_after_it_begins",
                violation_error_message="A discount ends after it begins.",
            ),
        ),
        migrations.AddConstraint(
            model_name="discountrule",
            constraint=models.UniqueConstraint(
                fields=("code",), name="discount_code_once", violation_error_message="Another discount has this code."
            ),
        ),
    ]
