"""Who bears a phone number, for staff: the person's leads, their loads, and to whom they were sold."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record, audit_seen
from inventory.withholding.models import WithheldLead
from leads.contact_key_check import contact_key_check
from leads.models import Lead
from sales.models import Sale
from sales.privacy.carrying_out import common_among, leads_of

SHOWN = 50
"""How many leads of a number are shown: a call center's own line may have a hundred thousand."""


@dataclass(slots=True)
class PersonLead:
    """One lead of a person, what became of it, and its sales."""

    lead: Lead
    is_withdrawn: bool
    sales: list[Sale] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Person:
    """All that we know about a number. `is_common`: more than five leads bear it, so it is nobody's."""

    leads: list[PersonLead]
    found: int
    is_common: bool


def person_show(*, key: UUID, as_of: datetime) -> Person:
    """The person of this key. That somebody looked is on record, with each lead that is shown.

    Raises ContactKeyChanged: with another key, everybody would look unknown.
    """
    contact_key_check()
    ids = sorted({lead for lead, _ in leads_of([key])}, reverse=True)
    shown = list(Lead.objects.filter(id__in=ids[:SHOWN]).select_related("load").order_by("-created_at_utc", "-id"))
    audit_record(action=AuditAction.PERSON_FIND, details={"leads": len(ids)}, as_of=as_of)
    for lead in shown:
        audit_seen(obj=lead, client_id=None, as_of=as_of)
    sales = defaultdict(list)
    of_leads = Sale.objects.filter(inventory__lead_id__in=[lead.id for lead in shown])  # the records have an index
    for sale in of_leads.select_related("client").prefetch_related("notices").order_by("sold_at_utc"):
        sales[sale.lead_id].append(sale)
    withdrawn = WithheldLead.objects.filter(lead__in=shown, withdrawn=True).values_list("lead_id", flat=True)
    gone = set(withdrawn)
    return Person(
        leads=[PersonLead(lead, lead.id in gone, sales[lead.id]) for lead in shown],
        found=len(ids),
        is_common=bool(common_among([key])),
    )
