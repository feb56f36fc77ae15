"""What a lead cost before discounts, on lines and sales, and the code of a cart.

Earlier orders knew no discounts, so their general price is the price paid. The second statement fills the column in one
rewrite of the table, past the triggers that keep rows as they are.
"""

import django.db.models.deletion
from django.db import migrations, models

import homeshield.lib.money


def list_price(model, table, paid):
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ADD COLUMN list_price numeric(12, 2);
        ALTER TABLE {table} ALTER COLUMN list_price TYPE numeric(12, 2) USING {paid},
            ALTER COLUMN list_price SET NOT NULL;
        """,
        f"ALTER TABLE {table} DROP COLUMN list_price",
        state_operations=[
            migrations.AddField(
                model_name=model,
                name="list_price",
                field=homeshield.lib.money.MoneyField(
                    decimal_places=2, max_digits=12, verbose_name="general price (USD)"
                ),
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("pricing", "0002_discounts"), ("sales", "0006_invoices")]

    operations = [
        list_price("orderline", "order_lines", "unit_price"),
        list_price("sale", "sales", "purchase_price"),
        migrations.AddField(
            model_name="draft",
            name="discount_code",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="orderline",
            name="discount",
            field=models.ForeignKey(
                db_index=False,
                help_text="What made it cheaper. Empty where it is not, or is the client's own price.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pricing.discountrule",
            ),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(
                models.F("discount"), condition=models.Q(("discount__isnull", False)), name="order_line_by_discount"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("list_price__gte", models.F("unit_price"))),
                name="order_line_never_above_the_general_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.CheckConstraint(
                condition=models.Q(("list_price__gte", models.F("purchase_price"))),
                name="sale_never_above_the_general_price",
            ),
        ),
    ]
