import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0002_discounts"),
        ("sales", "0009_purchased_leads"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="draftline",
            name="draft_line_once_per_criteria",
        ),
        migrations.AddField(
            model_name="draftline",
            name="territory",
            field=models.TextField(blank=True, help_text="In the place of a place: Territory.as_text.", null=True),
        ),
        migrations.AddField(
            model_name="orderline",
            name="territory",
            field=models.PositiveSmallIntegerField(
                help_text="Lines of one number are the places of one territory that was asked for, as that line.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="territory_label",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="draftline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("territory__isnull", True)),
                fields=("draft", "classification", "age_bucket", "state", "county"),
                name="draft_line_once_per_criteria",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="draftline",
            constraint=models.UniqueConstraint(
                models.F("draft"),
                models.F("classification"),
                models.F("age_bucket"),
                django.db.models.functions.text.MD5("territory"),
                name="draft_line_once_per_territory",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("territory__isnull", True),
                    models.Q(("county__isnull", True), ("state__isnull", True)),
                    _connector="OR",
                ),
                name="draft_line_place_or_territory",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("territory__isnull", True), ("territory_label", "")),
                    models.Q(
                        ("state__isnull", False),
                        ("territory__gte", 1),
                        models.Q(("territory_label", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_line_of_a_territory_has_its_place_and_label",
            ),
        ),
    ]
