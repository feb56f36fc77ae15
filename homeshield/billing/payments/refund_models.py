"""Money that goes back: refunds that an owner asked for or staff made at Stripe, and what a bank claims back."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from homeshield.accounts.models import Client
from homeshield.billing.payments.models import LONGEST_REFERENCE, Payment
from homeshield.billing.payments.refund_triggers import (
    DISPUTE_FORWARD,
    REFUND_FORWARD,
    REFUNDS_WITHIN,
    REQUEST_DECIDED_ONCE,
)
from homeshield.lib.ids import new_id
from homeshield.lib.money import MoneyField
from homeshield.lib.table_rules import OF_OWN, OWN_CLIENT, STAFF, STAFF_LOOKS, OwnerFunction, Policy, TableRules


class RequestState(models.TextChoices):
    WAITING = "waiting", "Waiting for staff"
    DONE = "done", "Refunded"
    DECLINED = "declined", "Declined"


class RefundRequest(models.Model):
    """What an owner asks to have back of the money that was paid in and is unspent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="refund_requests", db_index=False)
    amount = MoneyField("amount (USD)")
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.WAITING)
    asked_at_utc = models.DateTimeField("asked (UTC)")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_at_utc = models.DateTimeField("decided (UTC)", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    word = models.CharField("word to the owner", max_length=500, blank=True)
    reference = models.CharField(
        max_length=LONGEST_REFERENCE,
        null=True,
        help_text="By which the bank statement names the transfer back, of what came by transfer.",
    )
    told_at_utc = models.DateTimeField("told (UTC)", null=True)

    not_personal = ("word", "reference")

    table_rules = TableRules(
        web_may=(
            *("SELECT", "INSERT", "UPDATE (state)", "UPDATE (decided_at_utc)", "UPDATE (decided_by_id)"),
            *("UPDATE (word)", "UPDATE (reference)"),
        ),
        policies=(
            Policy("own_client_sees", "SELECT", using=OF_OWN),
            Policy("own_client_asks", "INSERT", check=f"{OF_OWN} AND state = 'waiting'"),
            Policy("staff_decide", "UPDATE", using=STAFF, check=STAFF),
            STAFF_LOOKS,
        ),
    )

    class Meta:
        db_table = "refund_requests"
        ordering = ["-asked_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="refund_request_of_its_client"),
            models.UniqueConstraint(
                fields=["client"],
                name="refund_request_one_at_a_time",
                condition=Q(state=RequestState.WAITING),
                violation_error_message="Your company is waiting for a refund already.",
            ),
            models.UniqueConstraint(
                Upper("reference"),
                name="refund_request_reference_once",
                violation_error_message="A transfer back with this reference is recorded already.",
            ),
            models.CheckConstraint(name="refund_request_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="refund_request_state_known", condition=Q(state__in=RequestState.values)),
            models.CheckConstraint(
                name="refund_request_decided_by_somebody",
                condition=Q(state=RequestState.WAITING, decided_at_utc__isnull=True, decided_by__isnull=True)
                | ~Q(state=RequestState.WAITING) & Q(decided_at_utc__isnull=False, decided_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index("client", F("asked_at_utc").desc(), name="refund_request_by_client"),
            models.Index("asked_at_utc", name="refund_request_waiting", condition=Q(state=RequestState.WAITING)),
            models.Index(
                "id", name="refund_request_untold", condition=Q(decided_at_utc__isnull=False, told_at_utc__isnull=True)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="refund_request_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="refund_request_is_decided_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=REQUEST_DECIDED_ONCE,
            ),
        ]

    def __str__(self) -> str:
        return f"Refund request {self.id}"


class RefundStatus(models.TextChoices):
    SENDING = "sending", "Being sent"
    PENDING = "pending", "On its way"
    SUCCEEDED = "succeeded", "Refunded"
    FAILED = "failed", "Failed"


REFUND_RANK = {status: rank for rank, status in enumerate(RefundStatus)}
"""A refund never goes back. One that succeeded may fail still: the customer's bank returned it."""


class Refund(models.Model):
    """Money of one payment that goes back. It leaves the client's balance at once, and returns to it if it fails."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The migration's foreign keys cover client, too.
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds", db_constraint=False, db_index=False
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    request = models.ForeignKey(
        RefundRequest, on_delete=models.PROTECT, null=True, related_name="refunds", db_constraint=False, db_index=False
    )
    amount = MoneyField("amount (USD)")
    status = models.CharField(max_length=9, choices=RefundStatus)
    provider_id = models.CharField("refund at Stripe", max_length=255, null=True)
    made_at_utc = models.DateTimeField("made (UTC)")
    failure = models.CharField("reason for the failure", max_length=100, blank=True)
    told_at_utc = models.DateTimeField("told of the failure (UTC)", null=True)

    not_personal = ("provider_id", "failure")

    table_rules = TableRules(
        web_may=("SELECT", "INSERT", "UPDATE (status)", "UPDATE (provider_id)", "UPDATE (failure)"),
        policies=(
            OWN_CLIENT,
            Policy("staff_refund", "INSERT", check=STAFF),
            STAFF_LOOKS,
        ),
        functions=(
            OwnerFunction("payment_of_refund(uuid)", "uuid", "SELECT payment_id FROM payment_refunds WHERE id = $1"),
        ),
    )

    class Meta:
        db_table = "payment_refunds"
        ordering = ["-made_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["provider_id"], name="refund_once"),
            models.CheckConstraint(name="refund_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="refund_status_known", condition=Q(status__in=RefundStatus.values)),
        ]
        indexes = [
            models.Index("payment", "made_at_utc", name="refund_by_payment"),
            models.Index("request", name="refund_by_request", condition=Q(request__isnull=False)),
            models.Index("made_at_utc", name="refund_sending", condition=Q(status=RefundStatus.SENDING)),
            models.Index(
                "id",
                name="refund_failure_untold",
                condition=Q(status=RefundStatus.FAILED, told_at_utc__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="refund_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="refund_goes_forward", when=pgtrigger.Before, operation=pgtrigger.Update, func=REFUND_FORWARD
            ),
            pgtrigger.Trigger(
                name="refunds_within_the_payment",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                # What Stripe reports has happened, and is never refused.
                condition=pgtrigger.Q(new__request__isnull=False),
                declare=[("paid", "numeric")],
                func=REFUNDS_WITHIN,
            ),
        ]

    def __str__(self) -> str:
        return f"Refund {self.id}"


class DisputeStatus(models.TextChoices):
    INQUIRY = "inquiry", "Inquiry"
    OPEN = "open", "Open"
    LOST = "lost", "Lost"
    WON = "won", "Won"


DISPUTE_RANK = {status: rank for rank, status in enumerate(DisputeStatus)}
"""A dispute never goes back."""

CLAIMED_BACK = (DisputeStatus.OPEN, DisputeStatus.LOST)
"""Its money is with the bank."""


class Dispute(models.Model):
    """A cardholder's bank claims a payment back. The money leaves the client's balance, and returns if we win."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="disputes", db_constraint=False, db_index=False
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider_id = models.CharField("dispute at Stripe", max_length=255)
    amount = MoneyField("amount (USD)")
    status = models.CharField(max_length=7, choices=DisputeStatus)
    reason = models.CharField(max_length=100, blank=True)
    opened_at_utc = models.DateTimeField("opened (UTC)")
    told_at_utc = models.DateTimeField("told (UTC)", null=True)

    not_personal = ("provider_id", "reason")

    table_rules = TableRules(web_may=("SELECT", "INSERT", "UPDATE (status)"), policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "payment_disputes"
        ordering = ["-opened_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["provider_id"], name="dispute_once"),
            models.CheckConstraint(name="dispute_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="dispute_status_known", condition=Q(status__in=DisputeStatus.values)),
        ]
        indexes = [
            models.Index("payment", name="dispute_by_payment"),
            models.Index("id", name="dispute_untold", condition=Q(status__in=CLAIMED_BACK, told_at_utc__isnull=True)),
        ]
        triggers = [
            pgtrigger.Protect(name="dispute_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="dispute_goes_forward", when=pgtrigger.Before, operation=pgtrigger.Update, func=DISPUTE_FORWARD
            ),
        ]

    def __str__(self) -> str:
        return f"Dispute {self.id}"

    @property
    def took_money(self) -> bool:
        return self.status != DisputeStatus.INQUIRY
