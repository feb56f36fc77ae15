"""Inventory: the right to sell one lead within one age bucket (contract, "Inventory")."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL

from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import READ, Policy, TableRules
from inventory.buyer import Buyer
from inventory.counting.models import CountChange, PlaceCount
from inventory.counting.triggers import inventory_triggers
from inventory.exclusion.models import NOT_EXCLUDED, Exclusion, PickStart
from inventory.exclusion.starts import Start
from inventory.facts.columns import FACTS, OPEN, OPEN_SQL, Facts
from inventory.suppression.models import SuppressionEntry, SuppressionList, SuppressionPiece, SuppressionUpload
from inventory.withholding.models import (
    CommonKey,
    PersonLink,
    Withdrawal,
    WithdrawalTakenBack,
    WithdrawnLead,
    WithheldLead,
)
from leads.age import NEVER, AgeBucket
from leads.classification import Classification
from leads.models import Lead

__all__ = [
    "CommonKey",
    "CountChange",
    "Exclusion",
    "InventoryRecord",
    "PersonLink",
    "PickStart",
    "PlaceCount",
    "SuppressionEntry",
    "SuppressionList",
    "SuppressionPiece",
    "SuppressionUpload",
    "Withdrawal",
    "WithdrawalTakenBack",
    "WithdrawnLead",
    "WithheldLead",
    "YoungLead",
]

_WINDOW_SQL = (
    "(record.enters_at_utc, record.expires_at_utc) = (CASE record.age_bucket "
    + " ".join(f"WHEN '{b}' THEN lead.created_at_utc + interval '{b.first_day * 24} hours'" for b in AgeBucket)
    + " END, CASE record.age_bucket "
    + " ".join(
        f"WHEN '{b}' THEN lead.created_at_utc + interval '{b.next.first_day * 24} hours'" for b in AgeBucket if b.next
    )
    + f" ELSE timestamptz '{NEVER}' END)"
)
"""That a record has the window of its bucket. In hours, because a day of PostgreSQL's may have 23 or 25."""


class InventoryQuerySet(models.QuerySet["InventoryRecord"]):
    def sellable(self, as_of: datetime) -> Self:
        """Records that may be sold at this instant: unsold, and the lead within the bucket."""
        return self.filter(sellable(as_of))

    def open_to(self, buyer: Buyer) -> Self:
        """Records that the buyer may be sold: where it is licensed, and not excluded (contract, "Exclusion")."""
        return self.filter(*open_to(buyer))

    def in_order_of_sale(self) -> Self:
        """What lapses soonest first: stock is perishable. The id makes the order total."""
        return self.order_by("expires_at_utc", "id")


SELLABLE = f"{OPEN_SQL} AND enters_at_utc <= %s AND expires_at_utc > %s"
"""Open and within the window.

The window is checked here and not left to the roll, so that the shop is right to the second between rolls. Both its
ends are: an order that waited may see a record of a roll that came after its instant.
"""

# The conditions of a sale are functions too, for an order puts them into one filter: a filter for each, and four
# look-ups of Django's for SELLABLE, take a fifth of the time of an order of one lead.


SELLABLE_FROM = f"{OPEN_SQL} AND enters_at_utc <= %s AND (expires_at_utc, id) >= (%s, %s)"
SELLABLE_FROM_OF_THE_LAST = f"{OPEN_SQL} AND enters_at_utc <= %s AND expires_at_utc = %s AND id >= %s"
"""The same from a place in the order of sale. No second condition on the end: the index would be read from the nearer
of the two. In the last bucket all records have one end."""


def sellable(as_of: datetime, start: Start | None = None) -> RawSQL:
    """Records that may be sold at this instant; from a place in the order of sale, where that lies ahead."""
    if start is None or start.expires_at_utc <= as_of:
        return _condition(SELLABLE, as_of, as_of)
    text = SELLABLE_FROM if start.expires_at_utc < NEVER else SELLABLE_FROM_OF_THE_LAST
    return _condition(text, as_of, start.expires_at_utc, start.inventory_id)


def open_to(buyer: Buyer, *, state: str | None = None) -> list[RawSQL | Q]:
    """Where the buyer is licensed, and what is not excluded for it.

    Beside a `state` that is asked for, the list of licenses only misleads: PostgreSQL takes the two for independent,
    expects too few records, and reads and sorts all of the state instead of stopping early.
    """
    conditions: list[RawSQL | Q] = []
    if buyer.licensed_states and state not in buyer.licensed_states:
        conditions.append(Q(state__in=sorted(buyer.licensed_states)))
    if buyer.client_id is not None:
        conditions.append(_condition(NOT_EXCLUDED.format("%s"), buyer.client_id))
    return conditions


def excluded_among(ids: Sequence[UUID], buyer: Buyer) -> tuple[list[UUID], list[UUID]]:
    """Which of these records are excluded for the buyer: those whose person it owns, and those that are on its lists
    alone. In the order given, each once."""
    pairs = Exclusion.objects.filter(lead=OuterRef("lead"), client=buyer.client_id).values("owned")
    found = InventoryRecord.objects.filter(id__in=ids).annotate(is_owned=Subquery(pairs)).exclude(is_owned=None)
    reasons = dict(found.values_list("id", "is_owned"))
    known = [key for key in dict.fromkeys(ids) if key in reasons]
    return [key for key in known if reasons[key]], [key for key in known if not reasons[key]]


def none_of(ids: list[UUID]) -> RawSQL:
    """One array: Django's `exclude` makes a parameter of each id, which costs twice as much."""
    return _condition("id <> ALL (%s::uuid[])", ids)


def _condition(sql: str, *parameters: object) -> RawSQL:
    return RawSQL(sql, parameters, output_field=models.BooleanField())


class InventoryRecord(Facts):
    """One right to sell. Class and place are copies of the immutable lead's, so that one index answers a buyer's
    question. A trigger holds them equal.

    `lapsed_at_utc` is set by the roll on every record whose window is over, sold or not, once the record of the
    next bucket exists: it takes the record out of the partial indexes and out of the next roll.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="inventory", db_index=False)
    enters_at_utc = models.DateTimeField("enters the bucket (UTC)")
    expires_at_utc = models.DateTimeField("leaves the bucket (UTC)")
    sold_at_utc = models.DateTimeField("sold (UTC)", null=True, blank=True)
    lapsed_at_utc = models.DateTimeField("closed by the roll (UTC)", null=True, blank=True)
    withheld = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Its lead must not be sold for now: withdrawn, or a later inquiry of the person stands.",
    )
    """A copy of what `withheld_leads` says, which triggers keep while the record is neither sold nor closed."""

    table_rules = TableRules(
        web_may=("SELECT", "UPDATE (sold_at_utc)"),
        policies=(
            Policy("all_are_seen", "SELECT", using="true"),
            # No sold record changes, whatever a session does to triggers.
            Policy("unsold_are_sold", "UPDATE", using="sold_at_utc IS NULL", check="sold_at_utc IS NOT NULL"),
        ),
    )

    objects = InventoryQuerySet.as_manager()

    class Meta:
        db_table = "inventory"
        verbose_name = "inventory record"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "age_bucket"],
                name="inventory_once_per_lead_and_bucket",
                violation_error_message="There is a record for this lead and bucket already.",
            ),
            models.CheckConstraint(name="inventory_bucket_known", condition=Q(age_bucket__in=AgeBucket.values)),
            models.CheckConstraint(
                name="inventory_classification_known", condition=Q(classification__in=Classification.values)
            ),
            models.CheckConstraint(
                name="inventory_sold_within_its_window",
                condition=Q(sold_at_utc__isnull=True)
                | Q(sold_at_utc__gte=F("enters_at_utc"), sold_at_utc__lt=F("expires_at_utc")),
                violation_error_message="A record is sold only while its lead is in the bucket.",
            ),
            models.CheckConstraint(
                name="inventory_lapsed_after_its_window",
                condition=Q(lapsed_at_utc__isnull=True) | Q(lapsed_at_utc__gte=F("expires_at_utc")),
            ),
            models.CheckConstraint(
                name="inventory_withheld_is_not_sold",
                condition=Q(withheld=False) | Q(sold_at_utc__isnull=True),
                violation_error_message="A record is not sold while its lead is withheld.",
            ),
        ]
        indexes = [
            # Each begins with what an order fixes and ends in the order of sale, so that a scan stops after n rows. The
            # lead is for counts of what one client can have (inventory/counting/aging.py).
            models.Index(
                "classification", "age_bucket", "state", "county", "expires_at_utc", "id",
                name="inventory_open_by_county", condition=OPEN,
            ),
            models.Index(
                "classification", "age_bucket", "state", "expires_at_utc", "id",
                name="inventory_open_by_state", condition=OPEN, include=["lead"],
            ),
            models.Index(
                "classification", "age_bucket", "expires_at_utc", "id",
                name="inventory_open_by_cell", condition=OPEN, include=["lead"],
            ),
            # The roll finds what has left its bucket by two indexes, unsold records by the first and sold ones by the
            # second. One for both would offer itself to orders, and lead them past everything ever sold.
            models.Index("expires_at_utc", "id", name="inventory_open", condition=OPEN),
            models.Index(
                "expires_at_utc", "id",
                name="inventory_sold_due", condition=Q(sold_at_utc__isnull=False, lapsed_at_utc__isnull=True),
            ),
            # Counting for an instant leaves out what enters its bucket after it. In the other buckets the end of the
            # window tells; the last one has none.
            models.Index(
                "enters_at_utc", name="inventory_open_last_by_entry",
                condition=OPEN & Q(age_bucket=AgeBucket.MONTH_24_PLUS),
            ),
            # What is new there is asked of states and counties too (inventory/counting/recent.py).
            models.Index(
                "classification", "state", "enters_at_utc", "county", name="inventory_open_last_by_state",
                condition=OPEN & Q(age_bucket=AgeBucket.MONTH_24_PLUS),
            ),
        ]  # fmt: skip
        triggers = [
            *inventory_triggers(),
            pgtrigger.Protect(name="inventory_is_history", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="inventory_lapsed_stays_lapsed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__lapsed_at_utc__isnull=False)
                & pgtrigger.Q(old__lapsed_at_utc__df=pgtrigger.F("new__lapsed_at_utc")),
            ),
            pgtrigger.Protect(
                name="inventory_facts_are_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("id", "lead", *FACTS, "enters_at_utc", "expires_at_utc"),
            ),
            pgtrigger.Protect(
                name="inventory_sold_stays_sold",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__sold_at_utc__isnull=False)
                & pgtrigger.Q(old__sold_at_utc__df=pgtrigger.F("new__sold_at_utc")),
            ),
            pgtrigger.Trigger(
                name="inventory_agrees_with_lead",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("stray", "uuid")],
                func=f"""
                    SELECT record.id INTO stray
                    FROM new_rows record
                    WHERE NOT EXISTS (
                        SELECT FROM leads lead
                        WHERE lead.id = record.lead_id
                          AND lead.classification = record.classification
                          AND (lead.state, coalesce(lead.county, '')) = (record.state, record.county)
                          AND {_WINDOW_SQL}
                          AND (record.sold_at_utc, record.lapsed_at_utc) IS NULL  -- it begins unsold
                          AND record.withheld = EXISTS (SELECT FROM withheld_leads held WHERE held.lead_id = lead.id)
                        OFFSET 0  -- row by row, by the key: a cached plan must never read the whole table
                    )
                    LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'inventory record % does not agree with its lead', stray
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'inventory_agrees_with_lead';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - the text is made of our own enumeration
            ),
        ]

    def __str__(self) -> str:
        return f"Inventory {self.id}"


class YoungLead(models.Model):
    """A lead that was too young for any bucket when it was loaded, until the roll gives it its first record.

    A table of its own, so that the roll finds what is due by an index and at a cost that follows what is due.
    """

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, primary_key=True, related_name="young")
    enters_at_utc = models.DateTimeField("enters the first bucket (UTC)", db_index=True)

    table_rules = TableRules(web_may=READ)

    class Meta:
        db_table = "young_leads"
        ordering = ["enters_at_utc", "lead"]

    def __str__(self) -> str:
        return f"Young lead {self.lead_id}"
