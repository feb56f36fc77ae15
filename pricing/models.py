"""Price rules (contract, "Price") and quotes (contract, "Quote")."""

from datetime import datetime, timedelta
from itertools import product
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, IntegerRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Now

from homeshield.accounts.models import Client
from homeshield.lib.ids import new_id
from homeshield.lib.money import CURRENCY, MoneyField, dollars
from homeshield.lib.table_rules import APPEND, OWN_CLIENT, STAFF_LOOKS, Policy, TableRules
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification

_CELL = Case(
    *(
        When(Q(classification=str(classification)) & Q(age_bucket=str(bucket)), then=Value(number))
        for number, (classification, bucket) in enumerate(product(Classification, AgeBucket))
    ),
    output_field=models.IntegerField(),
)
"""A number per class and bucket: excluding texts needs btree_gist, which the embedded PostgreSQL lacks."""


class PriceRuleQuerySet(models.QuerySet["PriceRule"]):
    def in_force(self, as_of: datetime) -> Self:
        """Returns at most one rule per class and bucket."""
        return self.not_over(as_of).filter(effective_from_utc__lte=as_of)

    def not_over(self, as_of: datetime) -> Self:
        """Returns the rules in force at `as_of` or later."""
        return self.filter(Q(effective_until_utc__isnull=True) | Q(effective_until_utc__gt=as_of))


class PriceRule(models.Model):
    """A price in USD for one class and bucket.

    Only the end may change, until it has passed, and only a future rule can be withdrawn. Rules of a class and bucket
    never overlap.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    classification = models.CharField(max_length=6, choices=Classification)
    age_bucket = models.CharField(max_length=14, choices=AgeBucket)
    amount = MoneyField("amount (USD)")
    effective_from_utc = models.DateTimeField("in force from (UTC)")
    effective_until_utc = models.DateTimeField("until (UTC)", null=True, blank=True)
    created_at_utc = models.DateTimeField("entered (UTC)", db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    table_rules = TableRules(  # amounts never change
        web_may=("SELECT", "INSERT", "UPDATE (effective_until_utc)", "DELETE")
    )

    objects = PriceRuleQuerySet.as_manager()

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
                condition=Q(effective_until_utc__isnull=True) | Q(effective_until_utc__gt=F("effective_from_utc")),
                violation_error_message="A price rule ends after it begins.",
            ),
            ExclusionConstraint(
                name="price_one_rule_at_any_instant",
                expressions=[
                    (
                        Func(_CELL, _CELL, Value("[]"), function="int4range", output_field=IntegerRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            "effective_from_utc",
                            "effective_until_utc",
                            RangeBoundary(),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Another rule for this classification and bucket is in force at that time.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="price_history_is_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                # clock_timestamp(), not now(): a transaction that waited for another price change must see it in force.
                # The request's instant is slightly earlier, hence the minute.
                func="""
                    IF TG_OP = 'DELETE' THEN
                        IF OLD.effective_from_utc > clock_timestamp() THEN
                            RETURN OLD;
                        END IF;
                    ELSIF (NEW.id, NEW.classification, NEW.age_bucket, NEW.amount, NEW.effective_from_utc,
                           NEW.created_at_utc, NEW.created_by_id)
                          IS NOT DISTINCT FROM
                          (OLD.id, OLD.classification, OLD.age_bucket, OLD.amount, OLD.effective_from_utc,
                           OLD.created_at_utc, OLD.created_by_id)
                          AND coalesce(OLD.effective_until_utc, 'infinity') > clock_timestamp()
                          AND coalesce(NEW.effective_until_utc, 'infinity')
                              >= clock_timestamp() - interval '1 minute' THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'price rule %: only its end may change, and only until it is over', OLD.id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'price_history_is_kept';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_classification_display()}, {self.get_age_bucket_display()}: {dollars(self.amount)}"

    def status(self, as_of: datetime) -> str:
        if self.effective_from_utc > as_of:
            return "future"
        return "past" if self.effective_until_utc and self.effective_until_utc <= as_of else "in force"

    def before(self) -> PriceRuleQuerySet:
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

    not_personal = ("currency",)

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
        ]
        triggers = [
            pgtrigger.Protect(name="quote_item_is_final", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"Item {self.id} of a quote"
