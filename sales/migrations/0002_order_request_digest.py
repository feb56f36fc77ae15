from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="order",
            name="request_digest",
            field=models.CharField(default="", max_length=64, verbose_name="digest of what was asked for"),
            preserve_default=False,
        ),
    ]
