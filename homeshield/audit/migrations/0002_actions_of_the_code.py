"""The kinds of acts are the code's: the database knows how one is written, and not which there are."""

from django.db import migrations, models

from homeshield.audit.actions import AuditAction


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(choices=AuditAction.choices, max_length=40, verbose_name="what"),
        ),
    ]
