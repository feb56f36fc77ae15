"""What a user or an API key may spend in a month (UTC). Owners set it; the ledger's trigger keeps it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from homeshield.accounts.models import ApiKey, Client
from homeshield.lib.ids import new_id
from homeshield.lib.money import MoneyField
from homeshield.lib.table_rules import OWN_CLIENT, READ, STAFF_LOOKS, Policy, TableRules
from homeshield.lib.triggers import FirmOwnerTrigger


class Budget(models.Model):
    """Of one user or one key, for what it orders. A return gives nothing back to it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="budgets", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
        db_index=False,
    )
    # The migration's composite foreign key: the key is the client's.
    api_key = models.OneToOneField(
        ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="budget", db_constraint=False
    )
    amount = MoneyField("amount a month (USD)", null=True, blank=True, help_text="Empty means without a limit.")
    set_at_utc = models.DateTimeField("set (UTC)")

    table_rules = TableRules(
        web_may=("SELECT", "INSERT", "UPDATE (amount)", "UPDATE (set_at_utc)"), policies=(OWN_CLIENT, STAFF_LOOKS)
    )

    class Meta:
        db_table = "budgets"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "user"], name="budget_once_per_user"),
            models.CheckConstraint(
                name="budget_of_a_user_or_a_key",
                condition=Q(user__isnull=False, api_key__isnull=True) | Q(user__isnull=True, api_key__isnull=False),
            ),
            models.CheckConstraint(
                name="budget_not_negative",
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                violation_error_message="A budget is zero or more.",
            ),
        ]
        triggers = [
            FirmOwnerTrigger(
                name="budget_begins_with_its_month",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                # The lock: an order that is under way is either counted here, or sees this budget.
                func="""
                    PERFORM FROM client_accounts WHERE client_id = NEW.client_id FOR NO KEY UPDATE;
                    IF NOT EXISTS (SELECT FROM users WHERE id = NEW.user_id AND client_id = NEW.client_id)
                       AND NEW.api_key_id IS NULL THEN
                        RAISE EXCEPTION 'budget % is for a user of another client', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_of_a_user_of_its_client';
                    END IF;
                    INSERT INTO budget_months (budget_id, month, spent)
                    SELECT NEW.id, date_trunc('month', NEW.set_at_utc AT TIME ZONE 'UTC'), - sum(leg.amount)
                    FROM ledger_legs leg JOIN ledger_transactions made ON made.id = leg.transaction_id
                    WHERE leg.client_id = NEW.client_id AND leg.kind = 'order'
                      AND (made.entered_by_id = NEW.user_id AND made.api_key_id IS NULL
                           OR made.api_key_id = NEW.api_key_id)
                      AND date_trunc('month', made.happened_at_utc AT TIME ZONE 'UTC')
                          = date_trunc('month', NEW.set_at_utc AT TIME ZONE 'UTC')
                    HAVING sum(leg.amount) < 0;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Budget {self.id}"


class BudgetMonth(models.Model):
    """What a budget's user or key has spent in a month. Kept by the ledger's trigger."""

    pk = models.CompositePrimaryKey("budget", "month")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="months", db_index=False)
    month = models.DateField(help_text="Its first day.")
    spent = MoneyField("spent (USD)")

    table_rules = TableRules(
        web_may=READ,
        policies=(
            Policy("of_visible_budget", "SELECT", using="EXISTS (SELECT FROM budgets WHERE budgets.id = budget_id)"),
        ),
    )

    class Meta:
        db_table = "budget_months"
        ordering = ["budget", "-month"]
        constraints = [models.CheckConstraint(name="budget_spending_positive", condition=Q(spent__gt=0))]

    def __str__(self) -> str:
        return f"{self.spent} in {self.month:%Y-%m}"
