"""How many leads each client was shown today. Unlogged: what it holds is over at midnight. Behind the same wall as all
that is one client's (docs/decisions/0015)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_staff_by_the_owner")]

    operations = [
        migrations.CreateModel(
            name="PreviewAllowance",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.client",
                    ),
                ),
                ("day", models.DateField(verbose_name="day (UTC)")),
                ("shown", models.PositiveIntegerField(verbose_name="leads shown that day")),
                (
                    "granted",
                    models.PositiveIntegerField(
                        help_text="How the page learns what it may show.", verbose_name="of them by the last page"
                    ),
                ),
            ],
            options={"db_table": "preview_allowances"},
        ),
        migrations.RunSQL("ALTER TABLE preview_allowances SET UNLOGGED", "ALTER TABLE preview_allowances SET LOGGED"),
        migrations.RunSQL(
            sql="""
                ALTER TABLE preview_allowances ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own_client ON preview_allowances
                    USING (client_id = (SELECT nullif(current_setting('homeshield.client', true), '')::uuid));
                CREATE POLICY staff_looks ON preview_allowances FOR SELECT
                    USING ((SELECT current_setting('homeshield.staff', true) = 'on'));
            """,
            reverse_sql="""
                DROP POLICY staff_looks ON preview_allowances;
                DROP POLICY own_client ON preview_allowances;
                ALTER TABLE preview_allowances DISABLE ROW LEVEL SECURITY;
            """,
        ),
    ]
