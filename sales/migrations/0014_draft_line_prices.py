import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0013_saved_searches_in_several_states"),
    ]

    operations = [
        migrations.AddField(
            model_name="draftline",
            name="priced_at_utc",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), verbose_name="price known since (UTC)"
            ),
        ),
    ]
