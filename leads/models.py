"""The lead: one consumer inquiry, never changed (contract, "Lead")."""

from datetime import UTC, datetime

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Greatest, Length, Now
from django.db.models.lookups import LessThanOrEqual

from homeshield.lib.ids import new_id
from homeshield.lib.personal_data import homeowner
from homeshield.lib.table_rules import CLIENT, READ, STAFF_LOOKS, Policy, TableRules
from leads.classification import Classification
from leads.contact_key_check import ContactKeyCheck
from leads.erasure import IMMUTABLE
from leads.lengths import LONGEST, LONGEST_PLACE, PLACES, TEXTS
from leads.loads.models import Load
from leads.opt_outs.models import OptOut, OptOutList
from leads.previews import LEAD_PREVIEWS

__all__ = ["ContactKeyCheck", "Lead", "Load", "OptOut", "OptOutList"]


def _text(label: str) -> "models.TextField[str | None, str | None]":
    """A cell of the call-center CSV, trimmed; NULL if blank."""
    return models.TextField(label, null=True, blank=True)


def _homeowner(label: str) -> "models.TextField[str | None, str | None]":
    return homeowner(_text(label))


def _at_most(characters: int, fields: tuple[str, ...]) -> LessThanOrEqual:
    """NULL counts as short."""
    return LessThanOrEqual(Greatest(*map(Length, fields)), characters)


EARLIEST, LATEST = datetime(1899, 12, 31, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Every bucket must fit Python's calendar. (1900 begins earlier in Guam than in UTC.)"""


class Lead(models.Model):
    """One homeowner's inquiry. The database refuses to change or delete a row. Erasure alone empties the personal
    columns, once (leads/erasure.py).

    `created_at_utc` is the instant of the inquiry, not of the load.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at_utc = models.DateTimeField("inquiry (UTC)")
    classification = models.CharField(max_length=6, choices=Classification)
    state = models.CharField(max_length=2)
    county = _text("county")
    city = _homeowner("city")
    zip = _homeowner("ZIP code")
    address = _homeowner("address")
    full_name = _homeowner("full name")
    first_name = _homeowner("first name")
    last_name = _homeowner("last name")
    co_borrower_name = _homeowner("co-borrower name")
    borrower_phone = _homeowner("borrower phone")
    call_in_phone_number = _homeowner("call-in phone number")
    borrower_age = _homeowner("borrower age")
    borrower_medical_issues = _homeowner("borrower medical issues")
    borrower_tobacco_use = _homeowner("borrower tobacco use")
    co_borrower = _homeowner("co-borrower?")
    source = _text("source")
    mortgage_id = _homeowner("mortgage id")
    mortgage_amount = _homeowner("mortgage amount")
    lender = _homeowner("lender")
    sale_date = _homeowner("mortgage closing date")
    call_in_date = homeowner(models.TextField("call-in date, as it came", null=True))
    campaign_id = _text("campaign id")
    type = _text("type")
    status = _text("status")
    agent_id = _text("agent id")
    natural_key = models.UUIDField(
        "natural key",
        unique=True,
        editable=False,
        help_text="Digest of what makes two rows the same inquiry.",
    )
    ingested_at_utc = models.DateTimeField("loaded (UTC)", db_default=Now(), editable=False)
    load = models.ForeignKey(
        Load, on_delete=models.PROTECT, related_name="leads", null=True, blank=True, editable=False, db_index=False
    )
    phone_key = models.UUIDField(
        null=True, editable=False, help_text="Of the borrower's phone number, where that can be a person's."
    )
    call_in_key = models.UUIDField(
        null=True, editable=False, help_text="Of the call-in number, where that has another key."
    )
    erased_at_utc = models.DateTimeField("erased (UTC)", null=True, blank=True, editable=False)

    not_personal = ("state", "county", "source", "campaign_id", "type", "status", "agent_id")

    table_rules = TableRules(
        web_may=READ,
        policies=(
            # Naming the client lets one index entry answer for each lead.
            Policy(
                "of_own_sales",
                "SELECT",
                using=f"EXISTS (SELECT FROM sales WHERE sales.lead_id = leads.id AND sales.client_id = {CLIENT})",
            ),
            STAFF_LOOKS,
        ),
        views=(LEAD_PREVIEWS,),
    )

    class Meta:
        db_table = "leads"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="lead_classification_known",
                condition=models.Q(classification__in=Classification.values),
                violation_error_message="A lead is Gold or Silver.",
            ),
            models.CheckConstraint(
                name="lead_state_is_a_code",
                condition=models.Q(state__regex=r"^[A-Z]{2}$"),
                violation_error_message="A lead's state is a USPS code of two capital letters.",
            ),
            models.CheckConstraint(
                name="lead_places_are_short",
                condition=_at_most(LONGEST_PLACE, PLACES),
                violation_error_message=f"County, city and ZIP code have {LONGEST_PLACE} characters at most.",
            ),
            models.CheckConstraint(
                name="lead_texts_are_bounded",
                condition=_at_most(LONGEST, TEXTS),
                violation_error_message=f"No text of a lead has more than {LONGEST:,} characters.",
            ),
            models.CheckConstraint(
                name="lead_inquiry_in_the_calendar",
                condition=models.Q(created_at_utc__gte=EARLIEST, created_at_utc__lt=LATEST),
                violation_error_message="An inquiry is of 1900 or later, and has an end of its buckets.",
            ),
            models.CheckConstraint(
                name="lead_has_its_call_in_date_until_erased",
                condition=models.Q(call_in_date__isnull=False) | models.Q(erased_at_utc__isnull=False),
                violation_error_message="A lead has its call-in date, unless it was erased.",
            ),
            models.CheckConstraint(
                name="lead_keys_differ",
                condition=~models.Q(call_in_key=models.F("phone_key")),
                violation_error_message="A lead has the same key once.",
            ),
        ]
        indexes = [
            models.Index(fields=["phone_key"], name="leads_by_phone_key", condition=models.Q(phone_key__isnull=False)),
            models.Index(
                fields=["call_in_key"], name="leads_by_call_in_key", condition=models.Q(call_in_key__isnull=False)
            ),
            # Loads do not overlap, so a load's leads are adjacent on disk. A load summarizes its pages itself: an
            # autovacuum worker that did would wait for the load's locks.
            BrinIndex(fields=["load"], name="leads_by_load"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="lead_is_immutable",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                declare=[("called_by", "text")],
                func=IMMUTABLE,
            ),
        ]

    def __str__(self) -> str:
        """Without personal data: it appears in lists and logs."""
        return f"Lead {self.id}"
