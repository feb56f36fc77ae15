"""Discounts, and a client's own prices (contract, "Money")."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from homeshield.accounts.models import Client
from homeshield.lib.money import MoneyField, dollars
from homeshield.lib.table_rules import CLIENT, OF_OWN, STAFF, STAFF_LOOKS, Policy, TableRules
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.dated import CELL_RANGE, ENDS_AFTER_IT_BEGINS, INTERVAL, Dated, DatedQuerySet, history_is_kept
from pricing.discounts.prices import Discount

LEAST_PERCENTAGE, MOST_PERCENTAGE = Decimal("0.1"), Decimal("90.0")
MOST_LEADS = 50_000
"""An order has 50 lines of 1,000 leads at most."""

CODE = r"^[A-Z0-9][A-Z0-9-]{2,31}$"
"""As it is kept. Whoever types it may use small letters."""

_WEB_MAY = ("SELECT", "INSERT", "UPDATE (effective_until_utc)", "DELETE")
_STAFF_WRITE = Policy("staff_write", using=STAFF, check=STAFF)


class DiscountRule(Dated):
    """A percentage off the general price, for orders of `least_leads` or more.

    Without client and code it is for everybody. A client limits it to that one; a code, to who names it; both, to that
    client when it names the code. Rules may overlap: the best single one counts.
    """

    name = models.CharField(max_length=60, help_text="Buyers see it beside their price.")
    percentage = models.DecimalField("percent off", max_digits=3, decimal_places=1)
    least_leads = models.PositiveIntegerField("leads in the order, at least", default=1)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    code = models.CharField(max_length=32, null=True, blank=True)

    not_personal = ("name", "code")

    table_rules = TableRules(
        web_may=_WEB_MAY,
        policies=(
            Policy("open_to_the_client", "SELECT", using=f"client_id IS NULL OR client_id = {CLIENT}"),
            STAFF_LOOKS,
            _STAFF_WRITE,
        ),
    )

    objects = DatedQuerySet["DiscountRule"].as_manager()

    class Meta:
        db_table = "discount_rules"
        verbose_name = "discount"
        ordering = ["-effective_from_utc", "-id"]
        constraints = [
            models.CheckConstraint(
                name="discount_between_a_tenth_and_90_percent",
                condition=Q(percentage__gte=LEAST_PERCENTAGE, percentage__lte=MOST_PERCENTAGE),
                violation_error_message="A discount is 0.1 to 90 percent.",
            ),
            models.CheckConstraint(
                name="discount_from_one_lead_on",
                condition=Q(least_leads__gte=1, least_leads__lte=MOST_LEADS),
                violation_error_message=f"The least number of leads is 1 to {MOST_LEADS:,}.",
            ),
            models.CheckConstraint(name="discount_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="discount_code_well_formed", condition=Q(code__isnull=True) | Q(code__regex=CODE)
            ),
            models.CheckConstraint(
                name="discount_ends_after_it_begins",
                condition=ENDS_AFTER_IT_BEGINS,
                violation_error_message="A discount ends after it begins.",
            ),
            models.UniqueConstraint(
                fields=["code"], name="discount_code_once", violation_error_message="Another discount has this code."
            ),
        ]
        indexes = [models.Index("client", condition=Q(code__isnull=True), name="discount_without_code")]
        triggers = [
            history_is_kept(
                "discount_history_is_kept",
                "discount",
                (
                    *("id", "name", "percentage", "least_leads", "client_id", "code", "effective_from_utc"),
                    *("created_at_utc", "created_by_id"),
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.facts.percent_label} off"

    @property
    def facts(self) -> Discount:
        return Discount(self.id, self.name, self.percentage, self.least_leads, self.code)


class ClientPrice(Dated):
    """What a client pays for one lead of a class and bucket at most. Never two at one instant."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    classification = models.CharField("class", max_length=6, choices=Classification)
    age_bucket = models.CharField(max_length=14, choices=AgeBucket)
    amount = MoneyField("amount (USD)")

    table_rules = TableRules(
        web_may=_WEB_MAY,
        policies=(
            Policy("own_client_looks", "SELECT", using=OF_OWN),
            STAFF_LOOKS,
            _STAFF_WRITE,
        ),
    )

    objects = DatedQuerySet["ClientPrice"].as_manager()

    class Meta:
        db_table = "client_prices"
        verbose_name = "client's own price"
        verbose_name_plural = "clients' own prices"
        ordering = ["client", "classification", "age_bucket", "-effective_from_utc"]
        constraints = [
            models.CheckConstraint(name="client_price_bucket_known", condition=Q(age_bucket__in=AgeBucket.values)),
            models.CheckConstraint(
                name="client_price_classification_known", condition=Q(classification__in=Classification.values)
            ),
            models.CheckConstraint(
                name="client_price_not_negative",
                condition=Q(amount__gte=0),
                violation_error_message="A price is not negative.",
            ),
            models.CheckConstraint(
                name="client_price_ends_after_it_begins",
                condition=ENDS_AFTER_IT_BEGINS,
                violation_error_message="A price ends after it begins.",
            ),
            ExclusionConstraint(
                name="client_price_one_at_any_instant",
                expressions=[
                    (
                        # A range of one client: equality needs btree_gist, which the embedded PostgreSQL lacks.
                        Func(F("client"), F("client"), Value("[]"), function="uuidrange", output_field=RangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                    (CELL_RANGE, RangeOperators.OVERLAPS),
                    (INTERVAL, RangeOperators.OVERLAPS),
                ],
                violation_error_message="The client has another price of this class and bucket at that time.",
            ),
        ]
        indexes = [
            models.Index("client", "classification", "age_bucket", "effective_from_utc", name="client_price_history")
        ]
        triggers = [
            history_is_kept(
                "client_price_history_is_kept",
                "price of a client",
                (
                    *("id", "client_id", "classification", "age_bucket", "amount", "effective_from_utc"),
                    *("created_at_utc", "created_by_id"),
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_classification_display()}, {self.get_age_bucket_display()}: {dollars(self.amount)}"
