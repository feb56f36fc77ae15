import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids
import homeshield.lib.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_cache_and_allowances"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientWithAccount",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("accounts.client",),
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(
                        blank=True,
                        decimal_places=2,
                        help_text="Empty means without a limit.",
                        max_digits=12,
                        null=True,
                        verbose_name="amount a month (USD)",
                    ),
                ),
                ("set_at_utc", models.DateTimeField(verbose_name="set (UTC)")),
                (
                    "api_key",
                    models.OneToOneField(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budget",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="budgets", to="accounts.client"
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budget",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "budgets",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="BudgetMonth",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "budget", "month", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(help_text="Its first day.")),
                ("spent", homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="spent (USD)")),
                (
                    "budget",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="months",
                        to="billing.budget",
                    ),
                ),
            ],
            options={
                "db_table": "budget_months",
                "ordering": ["budget", "-month"],
            },
        ),
        migrations.CreateModel(
            name="ClientAccount",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to="accounts.client",
                    ),
                ),
                (
                    "balance",
                    homeshield.lib.money.MoneyField(
                        db_default=0, decimal_places=2, max_digits=12, verbose_name="balance (USD)"
                    ),
                ),
                (
                    "credit_limit",
                    homeshield.lib.money.MoneyField(
                        db_default=0,
                        decimal_places=2,
                        help_text="How far orders may take the balance below zero. Empty means on account: without a limit.",
                        max_digits=12,
                        null=True,
                        verbose_name="credit limit (USD)",
                    ),
                ),
                ("entries", models.BigIntegerField(db_default=0, help_text="How many legs the balance is the sum of.")),
                (
                    "adopted_at_utc",
                    models.DateTimeField(
                        help_text="When a client that is older than the ledger got its account. Its orders until then are settled.",
                        null=True,
                        verbose_name="adopted (UTC)",
                    ),
                ),
            ],
            options={
                "db_table": "client_accounts",
                "ordering": ["client"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("credit_limit__isnull", True), ("credit_limit__gte", 0), _connector="OR"),
                        name="account_credit_limit_not_negative",
                        violation_error_message="A credit limit is zero or more. Leave it empty for a client on account.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditLimitChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "credit_limit",
                    homeshield.lib.money.MoneyField(
                        decimal_places=2, max_digits=12, null=True, verbose_name="credit limit (USD)"
                    ),
                ),
                ("changed_at_utc", models.DateTimeField(verbose_name="changed (UTC)")),
                ("reason", models.CharField(max_length=500)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_limit_changes",
                        to="accounts.client",
                    ),
                ),
            ],
            options={
                "db_table": "credit_limit_changes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="LedgerTransaction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("order", "Order"),
                            ("payment", "Payment"),
                            ("refund", "Refund"),
                            ("dispute", "Dispute"),
                            ("dispute_won", "Dispute won"),
                            ("return", "Return"),
                            ("adjustment", "Adjustment"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "source_id",
                    models.UUIDField(
                        help_text="The order, payment, refund, dispute or return.", verbose_name="what it is for"
                    ),
                ),
                ("happened_at_utc", models.DateTimeField(verbose_name="happened (UTC)")),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="A word to people: the order’s number, the transfer’s reference.",
                        max_length=200,
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_transactions",
                        to="accounts.client",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "ledger_transactions",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="LedgerLeg",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "transaction", "account", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("order", "Order"),
                            ("payment", "Payment"),
                            ("refund", "Refund"),
                            ("dispute", "Dispute"),
                            ("dispute_won", "Dispute won"),
                            ("return", "Return"),
                            ("adjustment", "Adjustment"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("client", "Client"),
                            ("cash", "Cash"),
                            ("revenue", "Revenue"),
                            ("credits", "Credits"),
                            ("adjustments", "Adjustments"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                (
                    "entry",
                    models.BigIntegerField(help_text="Counts the client’s legs from 1, without gaps.", null=True),
                ),
                (
                    "balance_after",
                    homeshield.lib.money.MoneyField(
                        decimal_places=2, max_digits=12, null=True, verbose_name="balance after it (USD)"
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="legs",
                        to="billing.ledgertransaction",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_legs",
                "ordering": ["client", "-entry"],
            },
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("api_key__isnull", True), ("user__isnull", False)),
                    models.Q(("api_key__isnull", False), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="budget_of_a_user_or_a_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                name="budget_not_negative",
                violation_error_message="A budget is zero or more.",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetmonth",
            constraint=models.CheckConstraint(condition=models.Q(("spent__gt", 0)), name="budget_spending_positive"),
        ),
        migrations.AddConstraint(
            model_name="creditlimitchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__regex", "^\\s*$"), _negated=True), name="credit_limit_change_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditlimitchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("changed_by__isnull", True)), fields=("client",), name="credit_limit_starts_once"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["happened_at_utc"], name="ledger_transaction_by_instant"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.UniqueConstraint(
                fields=("kind", "source_id"),
                name="ledger_transaction_once_per_source",
                violation_error_message="This is in the ledger already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["order", "payment", "refund", "dispute", "dispute_won", "return", "adjustment", "reversal"],
                    )
                ),
                name="ledger_transaction_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "adjustment"), _negated=True), ("source_id", models.F("id")), _connector="OR"
                ),
                name="ledger_adjustment_is_its_own_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.UniqueConstraint(
                condition=models.Q(("client__isnull", False)), fields=("client", "entry"), name="ledger_leg_of_a_client"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="ledger_leg_moves_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("account__in", ["client", "cash", "revenue", "credits", "adjustments"])),
                name="ledger_leg_account_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "reversal"),
                    models.Q(("kind", "order"), ("account", "client"), ("amount__lt", 0)),
                    models.Q(("kind", "order"), ("account", "revenue"), ("amount__gt", 0)),
                    models.Q(("kind", "payment"), ("account", "client"), ("amount__gt", 0)),
                    models.Q(("kind", "payment"), ("account", "cash"), ("amount__lt", 0)),
                    models.Q(("kind", "refund"), ("account", "client"), ("amount__lt", 0)),
                    models.Q(("kind", "refund"), ("account", "cash"), ("amount__gt", 0)),
                    models.Q(("kind", "dispute"), ("account", "client"), ("amount__lt", 0)),
                    models.Q(("kind", "dispute"), ("account", "cash"), ("amount__gt", 0)),
                    models.Q(("kind", "dispute_won"), ("account", "client"), ("amount__gt", 0)),
                    models.Q(("kind", "dispute_won"), ("account", "cash"), ("amount__lt", 0)),
                    models.Q(("kind", "return"), ("account", "client"), ("amount__gt", 0)),
                    models.Q(("kind", "return"), ("account", "credits"), ("amount__lt", 0)),
                    models.Q(("account__in", ("client", "adjustments")), ("kind", "adjustment")),
                    _connector="OR",
                ),
                name="ledger_leg_of_the_shape_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("account", "client"),
                        ("balance_after__isnull", False),
                        ("client__isnull", False),
                        ("entry__isnull", False),
                    ),
                    models.Q(
                        models.Q(("account", "client"), _negated=True),
                        ("balance_after__isnull", True),
                        ("client__isnull", True),
                        ("entry__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="ledger_leg_tells_the_balance",
            ),
        ),
        # An API key's transactions and its budget are its client's.
        migrations.RunSQL(
            """
            ALTER TABLE ledger_transactions ADD CONSTRAINT ledger_transaction_by_a_key_of_its_client
                FOREIGN KEY (api_key_id, client_id) REFERENCES api_keys (id, client_id);
            ALTER TABLE budgets ADD CONSTRAINT budget_of_a_key_of_its_client
                FOREIGN KEY (api_key_id, client_id) REFERENCES api_keys (id, client_id);
            """,
            migrations.RunSQL.noop,
        ),
        # Clients that are older than the ledger are on account, and what they ordered is settled.
        migrations.RunSQL(
            """
            INSERT INTO client_accounts (client_id, credit_limit, adopted_at_utc) SELECT id, NULL, now() FROM clients;
            """,
            migrations.RunSQL.noop,
        ),
    ]
