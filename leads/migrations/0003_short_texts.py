"""New leads alone are held to these: one that is there already cannot be shortened, since no lead is ever changed."""

import datetime

import django.db.models.functions.comparison
import django.db.models.functions.text
import django.db.models.lookups
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_previews"),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="lead",
            constraint=models.CheckConstraint(
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
        ),
        AddConstraintNotValid(
            model_name="lead",
            constraint=models.CheckConstraint(
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
        ),
        AddConstraintNotValid(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("created_at_utc__gte", datetime.datetime(1899, 12, 31, 0, 0, tzinfo=datetime.UTC)),
                    ("created_at_utc__lt", datetime.datetime(9000, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                ),
                name="lead_inquiry_in_the_calendar",
                violation_error_message="An inquiry is of 1900 or later, and has an end of its buckets.",
            ),
        ),
    ]
