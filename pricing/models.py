"""Price rules (contract, "Price") and quotes (contract, "Quote")."""

from datetime import timedelta

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from homeshield.accounts.models import Client
from homeshield.lib.ids import new_id
from homeshield.lib.money import CURRENCY, MoneyField, dollars
from homeshield.lib.table_rules import APPEND, OWN_CLIENT, STAFF_LOOKS, Policy, TableRules
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.dated import CELL_RANGE, ENDS_AFTER_IT_BEGINS, INTERVAL, Dated, DatedQuerySet, history_is_kept
from pricing.discounts.models import ClientPrice, DiscountRule
from pricing.discounts.prices import Price

__all__ = ["ClientPrice", "DiscountRule", "PriceRule", "Quote", "QuoteItem"]


class PriceRule(Dated):
    """A price in USD for one class and bucket.

    Only the end may change, until it has passed, and only a future rule can be withdrawn. Rules of a class and bucket
    never overlap.
    """

    classification = models.CharField(max_length=6, choices=Classification)
    age_bucket = models.CharField(max_length=14, choices=AgeBucket)
    amount = MoneyField("amount (USD)")

    table_rules = TableRules(  # amounts never change
        web_may=("SELECT", "INSERT", "UPDATE (effective_until_utc)", "DELETE")
    )

    objects = DatedQuerySet["PriceRule"].as_manager()

    class Meta:
        db_table = "pricing"
        verbose_name = "price rule"
        ordering = ["classification", "age_bucket", "-effective_from_utc"]
        constraints = [
            models.CheckConstraint(name="price_bucket_known", condition=Q(age_bucket__in=AgeBucket.values)),
            models.CheckConstraint(
                name="price_classification_known", condition=Q(classification__in=Classification.values)
            ),
            models.CheckConstraint(
                name="price_not_negative",
                condition=Q(amount__gte=0),
                violation_error_message="A price is not negative.",
            ),
            models.CheckConstraint(
                name="price_ends_after_it_begins",
                condition=ENDS_AFTER_IT_BEGINS,
                violation_error_message="A price rule ends after it begins.",
            ),
            ExclusionConstraint(
                name="price_one_rule_at_any_instant",
                expressions=[(CELL_RANGE, RangeOperators.OVERLAPS), (INTERVAL, RangeOperators.OVERLAPS)],
                violation_error_message="Another rule for this classification and bucket is in force at that time.",
            ),
        ]
        triggers = [
            history_is_kept(
                "price_history_is_kept",
                "price rule",
                (
                    *("id", "classification", "age_bucket", "amount", "effective_from_utc", "created_at_utc"),
                    "created_by_id",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_classification_display()}, {self.get_age_bucket_display()}: {dollars(self.amount)}"

    def before(self) -> "DatedQuerySet[PriceRule]":
        """Returns the rule that ends where this one begins, if any."""
        alike = PriceRule.objects.filter(classification=self.classification, age_bucket=self.age_bucket)
        return alike.filter(effective_until_utc=self.effective_from_utc)


QUOTE_VALIDITY = timedelta(minutes=15)
"""Contract, "Quote"."""


class Quote(models.Model):
    """Prices for specific records, held for QUOTE_VALIDITY. Reserves nothing (contract, "Quote")."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="quotes")
    quoted_at_utc = models.DateTimeField("quoted (UTC)")
    expires_at_utc = models.DateTimeField("expires (UTC)")
    subtotal = MoneyField("subtotal (USD)")
    currency = models.CharField(max_length=3, default=CURRENCY)
    discount_code = models.CharField(max_length=32, blank=True, default="", help_text="As it was given.")

    not_personal = ("currency", "discount_code")

    table_rules = TableRules(web_may=APPEND, policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "quotes"
        ordering = ["-quoted_at_utc", "-id"]
        constraints = [
            models.CheckConstraint(
                name="quote_holds_for_15_minutes", condition=Q(expires_at_utc=F("quoted_at_utc") + QUOTE_VALIDITY)
            ),
            models.CheckConstraint(name="quote_subtotal_not_negative", condition=Q(subtotal__gte=0)),
            models.CheckConstraint(name="quote_currency_known", condition=Q(currency=CURRENCY)),
        ]
        triggers = [
            pgtrigger.Protect(name="quote_is_final", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"Quote {self.id}"


class QuoteItem(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="items", db_index=False)
    inventory = models.ForeignKey(InventoryRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    unit_price = MoneyField("unit price (USD)")
    list_price = MoneyField("general price (USD)")
    discount = models.ForeignKey(
        DiscountRule, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="What made it lower. Empty where it is not, or is the client's own price.",
    )  # fmt: skip

    table_rules = TableRules(
        web_may=APPEND,
        policies=(Policy("of_visible_quote", using="EXISTS (SELECT FROM quotes WHERE quotes.id = quote_id)"),),
    )

    class Meta:
        db_table = "quote_items"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "inventory"], name="quote_item_once"),
            models.CheckConstraint(name="quote_item_price_not_negative", condition=Q(unit_price__gte=0)),
            models.CheckConstraint(
                name="quote_item_never_above_the_general_price", condition=Q(list_price__gte=F("unit_price"))
            ),
        ]
        indexes = [
            models.Index("discount", condition=Q(discount__isnull=False), name="quote_item_by_discount"),
        ]
        triggers = [
            pgtrigger.Protect(name="quote_item_is_final", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"Item {self.id} of a quote"

    @property
    def price(self) -> Price:
        return Price(self.unit_price, self.list_price, self.discount.facts if self.discount else None)
