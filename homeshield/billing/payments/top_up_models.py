"""Automatic top-up: an owner lets us charge the company's saved card whenever its balance falls below a threshold."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from homeshield.accounts.models import Client
from homeshield.billing.payments.models import Payment
from homeshield.lib.money import MoneyField
from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import OWN_CLIENT, STAFF_LOOKS, TableRules


class TopUpState(models.TextChoices):
    OFF = "off", "Off"
    ON = "on", "On"
    PAUSED = "paused", "Paused"


class TopUp(models.Model):
    """A client's settings and its card. The card itself is with Stripe: we keep its name there and its last digits."""

    client = models.OneToOneField(Client, on_delete=models.PROTECT, primary_key=True, related_name="top_up")
    state = models.CharField(max_length=6, choices=TopUpState, default=TopUpState.OFF)
    threshold = MoneyField("when the balance falls below (USD)")
    amount = MoneyField("amount (USD)")
    customer_id = models.CharField("customer at Stripe", max_length=255, null=True)
    session_id = models.CharField("Checkout session that saves a card", max_length=255, null=True)
    card_id = models.CharField("card at Stripe", max_length=255, null=True)
    card_label = account(models.CharField("card", max_length=60, blank=True))
    changed_at_utc = models.DateTimeField("changed (UTC)")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    paused_after = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="failed payment", db_index=False
    )

    not_personal = ("customer_id", "session_id", "card_id")

    table_rules = TableRules(
        web_may=(
            *("SELECT", "INSERT", "UPDATE (state)", "UPDATE (threshold)", "UPDATE (amount)", "UPDATE (customer_id)"),
            *("UPDATE (session_id)", "UPDATE (card_id)", "UPDATE (card_label)", "UPDATE (changed_at_utc)"),
            *("UPDATE (changed_by_id)", "UPDATE (paused_after_id)"),
        ),
        policies=(OWN_CLIENT, STAFF_LOOKS),
    )

    class Meta:
        db_table = "top_ups"
        ordering = ["client"]
        verbose_name = "automatic top-up"
        constraints = [
            models.UniqueConstraint(fields=["customer_id"], name="top_up_customer_once"),
            models.CheckConstraint(name="top_up_state_known", condition=Q(state__in=TopUpState.values)),
            models.CheckConstraint(name="top_up_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="top_up_threshold_positive", condition=Q(threshold__gt=0)),
            models.CheckConstraint(
                name="top_up_on_with_a_card",
                condition=~Q(state=TopUpState.ON) | Q(card_id__isnull=False, customer_id__isnull=False),
            ),
        ]
        indexes = [models.Index("client", name="top_up_on", condition=Q(state=TopUpState.ON))]
        triggers = [pgtrigger.Protect(name="top_up_stays", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"Automatic top-up of client {self.client_id}"

    @property
    def is_on(self) -> bool:
        return self.state == TopUpState.ON

    @property
    def is_paused(self) -> bool:
        return self.state == TopUpState.PAUSED
