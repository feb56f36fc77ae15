"""An order names the quote whose prices it paid, and a quote has one order at most (contract, "Quote")."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_teams"),
        ("pricing", "0002_quotes_by_client"),
        ("sales", "0005_look_up_by_key"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="quote",
            field=models.ForeignKey(
                db_index=False,
                help_text="Whose prices the order paid; none where it paid those in force.",
                null=True,
                on_delete=models.PROTECT,
                related_name="+",
                to="pricing.quote",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="order_by_a_quote_of_its_client",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."quote_id" IS NOT NULL)',
                    func="\n                    IF NOT EXISTS (SELECT FROM quotes\n                                   WHERE id = NEW.quote_id AND client_id = NEW.client_id\n                                     AND expires_at_utc > NEW.placed_at_utc) THEN\n                        RAISE EXCEPTION 'order % names a quote that is not its client''s, or has expired', NEW.id\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_by_a_quote_of_its_client';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="509c8d60afb446b022adc6860685fc0d3c9190ca",
                    operation="INSERT",
                    pgid="pgtrigger_order_by_a_quote_of_its_client_a3ca3",
                    table="orders",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("quote__isnull", False)),
                fields=("quote",),
                name="order_once_per_quote",
                violation_error_message="This quote has been used already.",
            ),
        ),
    ]
