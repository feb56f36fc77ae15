import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import homeshield.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_cache_and_allowances"),
        ("sales", "0010_lines_over_territories"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedTerritory",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("territory", models.TextField(help_text="Territory.as_text; the name is this row's.")),
                ("saved_at_utc", models.DateTimeField(verbose_name="saved (UTC)")),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="territories",
                        to="accounts.client",
                    ),
                ),
            ],
            options={
                "db_table": "territories",
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("client"),
                        django.db.models.functions.text.Lower("name"),
                        name="territory_name_once_per_client",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name__regex", "^\\s*$"), _negated=True),
                            models.Q(
                                (
                                    "name__regex",
                                    "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff]",
                                ),
                                _negated=True,
                            ),
                        ),
                        name="territory_name_shows_all_it_holds",
                    ),
                ],
            },
        ),
    ]
