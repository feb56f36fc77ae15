import datetime

import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

import homeshield.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Lead",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at_utc", models.DateTimeField(verbose_name="inquiry (UTC)")),
                ("classification", models.CharField(choices=[("Gold", "Gold"), ("Silver", "Silver")], max_length=6)),
                ("state", models.CharField(max_length=2)),
                ("county", models.TextField(blank=True, null=True, verbose_name="county")),
                ("city", models.TextField(blank=True, null=True, verbose_name="city")),
                ("zip", models.TextField(blank=True, null=True, verbose_name="ZIP code")),
                ("address", models.TextField(blank=True, null=True, verbose_name="address")),
                ("full_name", models.TextField(blank=True, null=True, verbose_name="full name")),
                ("first_name", models.TextField(blank=True, null=True, verbose_name="first name")),
                ("last_name", models.TextField(blank=True, null=True, verbose_name="last name")),
                ("co_borrower_name", models.TextField(blank=True, null=True, verbose_name="co-borrower name")),
                ("borrower_phone", models.TextField(blank=True, null=True, verbose_name="borrower phone")),
                ("call_in_phone_number", models.TextField(blank=True, null=True, verbose_name="call-in phone number")),
                ("borrower_age", models.TextField(blank=True, null=True, verbose_name="borrower age")),
                (
                    "borrower_medical_issues",
                    models.TextField(blank=True, null=True, verbose_name="borrower medical issues"),
                ),
                ("borrower_tobacco_use", models.TextField(blank=True, null=True, verbose_name="borrower tobacco use")),
                ("co_borrower", models.TextField(blank=True, null=True, verbose_name="co-borrower?")),
                ("source", models.TextField(blank=True, null=True, verbose_name="source")),
                ("mortgage_id", models.TextField(blank=True, null=True, verbose_name="mortgage id")),
                ("mortgage_amount", models.TextField(blank=True, null=True, verbose_name="mortgage amount")),
                ("lender", models.TextField(blank=True, null=True, verbose_name="lender")),
                ("sale_date", models.TextField(blank=True, null=True, verbose_name="mortgage closing date")),
                ("call_in_date", models.TextField(verbose_name="call-in date, as it came")),
                ("campaign_id", models.TextField(blank=True, null=True, verbose_name="campaign id")),
                ("type", models.TextField(blank=True, null=True, verbose_name="type")),
                ("status", models.TextField(blank=True, null=True, verbose_name="status")),
                ("agent_id", models.TextField(blank=True, null=True, verbose_name="agent id")),
                (
                    "natural_key",
                    models.UUIDField(
                        editable=False,
                        help_text="Digest of what makes two rows the same inquiry.",
                        unique=True,
                        verbose_name="natural key",
                    ),
                ),
                (
                    "ingested_at_utc",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="loaded (UTC)",
                    ),
                ),
            ],
            options={
                "db_table": "leads",
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("classification__in", ["Gold", "Silver"])),
                        name="lead_classification_known",
                        violation_error_message="A lead is Gold or Silver.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__regex", "^[A-Z]{2}$")),
                        name="lead_state_is_a_code",
                        violation_error_message="A lead's state is a USPS code of two capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.comparison.Greatest(
                                django.db.models.functions.text.Length("county"),
                                django.db.models.functions.text.Length("city"),
                                django.db.models.functions.text.Length("zip"),
                            ),
                            100,
                        ),
                        name="lead_places_are_short",
                        violation_error_message="County, city and ZIP code have 100 characters at most.",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.comparison.Greatest(
                                django.db.models.functions.text.Length("address"),
                                django.db.models.functions.text.Length("full_name"),
                                django.db.models.functions.text.Length("first_name"),
                                django.db.models.functions.text.Length("last_name"),
                                django.db.models.functions.text.Length("co_borrower_name"),
                                django.db.models.functions.text.Length("borrower_phone"),
                                django.db.models.functions.text.Length("call_in_phone_number"),
                                django.db.models.functions.text.Length("borrower_age"),
                                django.db.models.functions.text.Length("borrower_medical_issues"),
                                django.db.models.functions.text.Length("borrower_tobacco_use"),
                                django.db.models.functions.text.Length("co_borrower"),
                                django.db.models.functions.text.Length("source"),
                                django.db.models.functions.text.Length("mortgage_id"),
                                django.db.models.functions.text.Length("mortgage_amount"),
                                django.db.models.functions.text.Length("lender"),
                                django.db.models.functions.text.Length("sale_date"),
                                django.db.models.functions.text.Length("call_in_date"),
                                django.db.models.functions.text.Length("campaign_id"),
                                django.db.models.functions.text.Length("type"),
                                django.db.models.functions.text.Length("status"),
                                django.db.models.functions.text.Length("agent_id"),
                            ),
                            1000,
                        ),
                        name="lead_texts_are_bounded",
                        violation_error_message="No text of a lead has more than 1,000 characters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "created_at_utc__gte",
                                datetime.datetime(1899, 12, 31, 0, 0, tzinfo=datetime.UTC),
                            ),
                            ("created_at_utc__lt", datetime.datetime(9000, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                        ),
                        name="lead_inquiry_in_the_calendar",
                        violation_error_message="An inquiry is of 1900 or later, and has an end of its buckets.",
                    ),
                ],
            },
        ),
    ]
