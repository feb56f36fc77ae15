"""Money that comes in and goes back (contract, "Money"), one row for each payment, refund and dispute.

The rows hold facts, which only ever move forward. `posting.py` enters in the ledger what follows from them.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from homeshield.accounts.models import Client
from homeshield.billing.payments.payment_triggers import FORWARD, IN_THE_LEDGER
from homeshield.lib.ids import new_id
from homeshield.lib.money import CURRENCY, MoneyField
from homeshield.lib.table_rules import OWN_CLIENT, STAFF, STAFF_LOOKS, OwnerFunction, Policy, TableRules

LONGEST_REFERENCE = 100


class Provider(models.TextChoices):
    STRIPE = "stripe", "Stripe"
    TRANSFER = "transfer", "Bank transfer"


class PaymentStatus(models.TextChoices):
    OPEN = "open", "Not paid yet"
    PROCESSING = "processing", "On its way"
    EXPIRED = "expired", "Expired"
    FAILED = "failed", "Failed"
    PAID = "paid", "Paid"


RANK = {status: rank for rank, status in enumerate(PaymentStatus)}
"""A payment never goes back. Money that came in counts, whatever was reported before or is reported after."""

UNDER_WAY = (PaymentStatus.OPEN, PaymentStatus.PROCESSING)


class Payment(models.Model):
    """What a client pays in, by card, bank debit or transfer. It counts in the ledger once it is paid."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payments", db_index=False)
    provider = models.CharField("way", max_length=8, choices=Provider)
    automatic = models.BooleanField(default=False, help_text="An automatic top-up with the saved card.")
    amount = MoneyField("amount (USD)")
    currency = models.CharField(max_length=3, default=CURRENCY)
    status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.OPEN)
    session_id = models.CharField("Checkout session", max_length=255, null=True)
    intent_id = models.CharField("payment intent", max_length=255, null=True)
    reference = models.CharField(
        max_length=LONGEST_REFERENCE, null=True, help_text="By which the bank statement names the transfer."
    )
    return_to = models.CharField(max_length=500, blank=True, help_text="The page to go on with, once it is paid.")
    started_at_utc = models.DateTimeField("started (UTC)")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    paid_at_utc = models.DateTimeField("paid (UTC)", null=True)
    failure = models.CharField("reason for the failure", max_length=100, blank=True)
    told_at_utc = models.DateTimeField("told of the failure (UTC)", null=True)
    reversed_at_utc = models.DateTimeField("reversed (UTC)", null=True)

    not_personal = ("currency", "session_id", "intent_id", "reference", "return_to", "failure")

    table_rules = TableRules(
        web_may=(
            *("SELECT", "INSERT", "UPDATE (status)", "UPDATE (session_id)", "UPDATE (intent_id)"),
            *("UPDATE (paid_at_utc)", "UPDATE (failure)"),
        ),
        policies=(
            OWN_CLIENT,
            Policy("staff_record", "INSERT", check=f"{STAFF} AND provider = 'transfer'"),
            Policy("staff_lock", "UPDATE", using=STAFF, check=STAFF),
            STAFF_LOOKS,
        ),
        functions=(
            # An event names a payment or what Stripe knows it by. Whose it is must be known before a row can be seen.
            OwnerFunction("payment_client(uuid)", "uuid", "SELECT client_id FROM payments WHERE id = $1"),
            OwnerFunction("payment_of_intent(text)", "uuid", "SELECT id FROM payments WHERE intent_id = $1"),
        ),
    )

    class Meta:
        db_table = "payments"
        ordering = ["-started_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="payment_of_its_client"),
            models.UniqueConstraint(fields=["session_id"], name="payment_once_for_each_session"),
            models.UniqueConstraint(fields=["intent_id"], name="payment_once_for_each_intent"),
            models.UniqueConstraint(
                Upper("reference"),
                name="payment_reference_once",
                condition=Q(reversed_at_utc__isnull=True),
                violation_error_message="A transfer with this reference is recorded already.",
            ),
            models.UniqueConstraint(
                fields=["client"],
                name="payment_one_top_up_at_a_time",
                condition=Q(automatic=True, status__in=UNDER_WAY),
            ),
            models.CheckConstraint(name="payment_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="payment_currency_known", condition=Q(currency=CURRENCY)),
            models.CheckConstraint(name="payment_provider_known", condition=Q(provider__in=Provider.values)),
            models.CheckConstraint(name="payment_status_known", condition=Q(status__in=PaymentStatus.values)),
            models.CheckConstraint(
                name="payment_paid_at_an_instant",
                condition=Q(status=PaymentStatus.PAID, paid_at_utc__isnull=False)
                | ~Q(status=PaymentStatus.PAID) & Q(paid_at_utc__isnull=True),
            ),
            models.CheckConstraint(
                name="payment_by_transfer_is_paid_and_has_a_reference",
                condition=Q(
                    provider=Provider.TRANSFER, status=PaymentStatus.PAID, reference__regex=r"\S", automatic=False
                )
                | Q(provider=Provider.STRIPE, reference__isnull=True),
            ),
        ]
        indexes = [
            models.Index("client", F("started_at_utc").desc(), F("id").desc(), name="payment_by_client"),
            models.Index("started_at_utc", name="payment_under_way", condition=Q(status__in=UNDER_WAY)),
            models.Index("id", name="payment_failure_untold", condition=Q(status="failed", told_at_utc__isnull=True)),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="payment_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="payment_goes_forward", when=pgtrigger.Before, operation=pgtrigger.Update, func=FORWARD
            ),
            pgtrigger.Trigger(
                name="payment_is_in_the_ledger",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__status=PaymentStatus.PAID.value),
                func=IN_THE_LEDGER,
            ),
        ]

    def __str__(self) -> str:
        return f"Payment {self.id}"


class EventOutcome(models.TextChoices):
    APPLIED = "applied", "Applied"
    FOREIGN = "foreign", "Not about this shop"
    REFUSED = "refused", "Does not agree with the payment"


class PaymentEvent(models.Model):
    """A message of Stripe's, each once. Nothing of its contents is kept: they hold names and addresses."""

    id = models.CharField(primary_key=True, max_length=255, editable=False)
    kind = models.CharField(max_length=100)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # The migration's foreign key covers payment and client together.
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="events", db_constraint=False, db_index=False
    )
    outcome = models.CharField(max_length=8, choices=EventOutcome)
    said = models.CharField("what disagrees", max_length=200, blank=True)
    received_at_utc = models.DateTimeField("received (UTC)")

    not_personal = ("id", "kind", "said")

    table_rules = TableRules(
        web_may=("SELECT", "INSERT"),
        policies=(
            OWN_CLIENT,
            Policy("of_no_client", "INSERT", check="client_id IS NULL"),
            STAFF_LOOKS,
        ),
    )

    class Meta:
        db_table = "payment_events"
        ordering = ["-received_at_utc", "-id"]
        verbose_name = "event from Stripe"
        verbose_name_plural = "events from Stripe"
        constraints = [
            models.CheckConstraint(name="payment_event_outcome_known", condition=Q(outcome__in=EventOutcome.values)),
        ]
        indexes = [
            models.Index("payment", "received_at_utc", name="payment_event_by_payment"),
            models.Index(F("received_at_utc").desc(), F("id").desc(), name="payment_event_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="payment_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Event {self.id}"
