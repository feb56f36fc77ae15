from django.db import migrations

import homeshield.lib.identity


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_ledger"),
        ("sales", "0004_notices"),
    ]

    operations = [
        # Orders that are there get their numbers in the order in which they were written.
        migrations.AddField(
            model_name="order",
            name="number",
            field=homeshield.lib.identity.IdentityField(
                editable=False, first=10001, help_text="For people: #10001.", unique=True
            ),
        ),
        migrations.CreateModel(
            name="OrderPayment",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("billing.ledgertransaction",),
        ),
    ]
