from django.db import migrations, models


class Migration(migrations.Migration):
    """The allowances again, for whatever may have one: made anew, for what they hold is over within minutes."""

    dependencies = [("accounts", "0004_roles_and_licensed_states")]

    operations = [
        migrations.DeleteModel(name="ApiAllowance"),
        migrations.CreateModel(
            name="ApiAllowance",
            fields=[
                ("subject", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("full_at_utc", models.DateTimeField()),
            ],
            options={"db_table": "api_allowances"},
        ),
        migrations.AddIndex(
            model_name="apiallowance",
            index=models.Index(fields=["full_at_utc"], name="api_allowance_by_full_at"),
        ),
        migrations.RunSQL("ALTER TABLE api_allowances SET UNLOGGED", "ALTER TABLE api_allowances SET LOGGED"),
    ]
