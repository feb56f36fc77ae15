"""The ledger (contract, "Money"): double entry, and nothing in it ever changes.

`client_accounts` holds what follows from the legs: a client's balance, which an order reads and locks as one row.
"""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from homeshield.accounts.models import ApiKey, Client
from homeshield.billing.ledger.kinds import Account, Kind, leg_of_a_shape, quoted
from homeshield.billing.ledger.triggers import (
    account_closes_trigger,
    account_opens_trigger,
    account_triggers,
    credit_limit_triggers,
    leg_triggers,
    transaction_triggers,
)
from homeshield.lib.ids import new_id
from homeshield.lib.money import MoneyField
from homeshield.lib.table_rules import (
    APPEND,
    CLIENT,
    OWN_CLIENT_SEES,
    READ,
    STAFF,
    STAFF_LOOKS,
    OwnerFunction,
    Policy,
    TableRules,
)

BY_CLIENTS = (Kind.ORDER, Kind.RETURN)
BY_STAFF = (Kind.PAYMENT, Kind.REFUND, Kind.RETURN, Kind.ADJUSTMENT, Kind.REVERSAL)
"""What pages add. Workers and commands, which connect as the tables' owner, add the rest."""

# What Stripe's messages add, for the client whose payment they name.
FOLLOWS_FROM_A_PAYMENT = """
    SELECT CASE $1
        WHEN 'payment' THEN EXISTS (
            SELECT FROM payments WHERE id = $2 AND client_id = $3 AND status = 'paid')
        WHEN 'refund' THEN EXISTS (
            SELECT FROM payment_refunds WHERE id = $2 AND client_id = $3)
        WHEN 'dispute' THEN EXISTS (
            SELECT FROM payment_disputes WHERE id = $2 AND client_id = $3 AND status <> 'inquiry')
        WHEN 'dispute_won' THEN EXISTS (
            SELECT FROM payment_disputes WHERE id = $2 AND client_id = $3 AND status = 'won')
        WHEN 'reversal' THEN EXISTS (
            SELECT FROM ledger_transactions entry JOIN payment_refunds refund ON refund.id = entry.source_id
            WHERE entry.id = $2 AND entry.kind = 'refund' AND refund.client_id = $3 AND refund.status = 'failed')
        ELSE false END
"""


def _among(kinds: tuple[Kind, ...]) -> str:
    return f"kind IN ({quoted(kinds)})"


class ClientWithAccount(Client):
    """Carries the triggers that open an account for each new client, and remove one that was never used."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [account_opens_trigger(), account_closes_trigger()]


class ClientAccount(models.Model):
    """A client's balance in USD: positive where the house owes the client. Kept by triggers, by nobody else."""

    client = models.OneToOneField(Client, on_delete=models.PROTECT, primary_key=True, related_name="account")
    balance = MoneyField("balance (USD)", db_default=0)
    credit_limit = MoneyField(
        "credit limit (USD)",
        null=True,
        db_default=0,
        help_text="How far orders may take the balance below zero. Empty means on account: without a limit.",
    )
    entries = models.BigIntegerField(db_default=0, help_text="How many legs the balance is the sum of.")
    adopted_at_utc = models.DateTimeField(
        "adopted (UTC)",
        null=True,
        help_text="When a client that is older than the ledger got its account. Its orders until then are settled.",
    )

    table_rules = TableRules(web_may=READ, policies=(OWN_CLIENT_SEES, STAFF_LOOKS))

    class Meta:
        db_table = "client_accounts"
        ordering = ["client"]
        constraints = [
            models.CheckConstraint(
                name="account_credit_limit_not_negative",
                condition=Q(credit_limit__isnull=True) | Q(credit_limit__gte=0),
                violation_error_message="A credit limit is zero or more. Leave it empty for a client on account.",
            ),
        ]
        triggers = account_triggers()

    def __str__(self) -> str:
        return f"Account of client {self.client_id}"


class CreditLimitChange(models.Model):
    """Who granted which credit, and why. The newest is in force. Append-only.

    Without a person: what a new client began with, by its sign-up or by `create_client`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="credit_limit_changes")
    credit_limit = MoneyField("credit limit (USD)", null=True)
    changed_at_utc = models.DateTimeField("changed (UTC)")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500)

    not_personal = ("reason",)

    table_rules = TableRules(
        web_may=APPEND,
        policies=(
            STAFF_LOOKS,
            Policy("granted_by_staff", "INSERT", check=f"{STAFF} AND changed_by_id IS NOT NULL"),
            Policy("at_sign_up", "INSERT", check="changed_by_id IS NULL"),  # a trigger: while the account is new
        ),
    )

    class Meta:
        db_table = "credit_limit_changes"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="credit_limit_change_has_a_reason", condition=~Q(reason__regex=r"^\s*$")),
            models.UniqueConstraint(
                fields=["client"], condition=Q(changed_by__isnull=True), name="credit_limit_starts_once"
            ),
        ]
        triggers = credit_limit_triggers()

    def __str__(self) -> str:
        return f"Change {self.id}"


class LedgerTransaction(models.Model):
    """Money that moves between a client's account and the house's, once for its source."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=11, choices=Kind)
    source_id = models.UUIDField("what it is for", help_text="The order, payment, refund, dispute or return.")
    # No foreign key: the client's leg asks for its account.
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="ledger_transactions", db_index=False, db_constraint=False
    )
    happened_at_utc = models.DateTimeField("happened (UTC)")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # The migration's composite foreign key: the key is the client's.
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    reference = models.CharField(
        max_length=200, blank=True, help_text="A word to people: the order’s number, the transfer’s reference."
    )

    not_personal = ("reference",)

    table_rules = TableRules(
        web_may=APPEND,
        policies=(
            OWN_CLIENT_SEES,
            STAFF_LOOKS,
            Policy("own_acts", "INSERT", check=f"client_id = {CLIENT} AND {_among(BY_CLIENTS)}"),
            Policy(
                "own_payments",
                "INSERT",
                check=f"client_id = {CLIENT} AND follows_from_a_payment(kind, source_id, client_id)",
            ),
            Policy("staff_acts", "INSERT", check=f"{STAFF} AND {_among(BY_STAFF)}"),
        ),
        functions=(OwnerFunction("follows_from_a_payment(text,uuid,uuid)", "boolean", FOLLOWS_FROM_A_PAYMENT),),
    )

    class Meta:
        db_table = "ledger_transactions"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source_id"],
                name="ledger_transaction_once_per_source",
                violation_error_message="This is in the ledger already.",
            ),
            models.CheckConstraint(name="ledger_transaction_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="ledger_adjustment_is_its_own_source", condition=~Q(kind=Kind.ADJUSTMENT) | Q(source_id=F("id"))
            ),
        ]
        indexes = [BrinIndex(fields=["happened_at_utc"], name="ledger_transaction_by_instant")]
        triggers = transaction_triggers()

    def __str__(self) -> str:
        return f"Transaction {self.id}"


class LedgerLeg(models.Model):
    """One side of a transaction. A client's leg has its number in the account, and the balance after it."""

    pk = models.CompositePrimaryKey("transaction", "account")
    # No foreign key: the trigger reads the transaction, which stays.
    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="legs", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=11, choices=Kind)
    account = models.CharField(max_length=11, choices=Account)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    amount = MoneyField("amount (USD)")
    entry = models.BigIntegerField(null=True, help_text="Counts the client’s legs from 1, without gaps.")
    balance_after = MoneyField("balance after it (USD)", null=True)

    table_rules = TableRules(
        web_may=APPEND,
        policies=(
            OWN_CLIENT_SEES,
            STAFF_LOOKS,
            # Its transaction is behind policies, and has one leg on each account, so no other gets any.
            Policy("new_leg", "INSERT", check="true"),
        ),
    )

    class Meta:
        db_table = "ledger_legs"
        ordering = ["client", "-entry"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "entry"], condition=Q(client__isnull=False), name="ledger_leg_of_a_client"
            ),
            models.CheckConstraint(name="ledger_leg_moves_something", condition=~Q(amount=0)),
            models.CheckConstraint(name="ledger_leg_account_known", condition=Q(account__in=Account.values)),
            models.CheckConstraint(name="ledger_leg_of_the_shape_of_its_kind", condition=leg_of_a_shape()),
            models.CheckConstraint(
                name="ledger_leg_tells_the_balance",
                condition=Q(
                    account=Account.CLIENT, client__isnull=False, entry__isnull=False, balance_after__isnull=False
                )
                | ~Q(account=Account.CLIENT) & Q(client__isnull=True, entry__isnull=True, balance_after__isnull=True),
            ),
        ]
        triggers = leg_triggers()

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
