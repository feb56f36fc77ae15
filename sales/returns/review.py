"""All that staff need to decide a return, on one screen: the lead, the buyer's record, other buyers' verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from homeshield.audit.services import audit_seen
from inventory.withholding.models import PersonLink, WithdrawnLead
from leads.models import Lead
from sales.models import Sale
from sales.returns.models import Return, ReturnReason
from sales.returns.rules import Allowance, credits_since
from sales.returns.selectors import Record, allowance_of, record_of, returned_among


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSale:
    """A sale of the same person, and whether its buyer returned it."""

    sale: Sale
    returned: Return | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`withdrawn`: for what the lead is out of sale already. `reasons`: how often the buyer returned for each in the
    last 30 days."""

    lead: Lead
    withdrawn: list[str]
    record: Record
    reasons: list[tuple[str, int]]
    allowance: Allowance
    others: list[OtherSale]


def return_review(one: Return, *, as_of: datetime) -> Review:
    """That somebody looked is on record, with the lead. The return has its sale."""
    lead = Lead.objects.select_related("load").get(id=one.sale.lead_id)
    audit_seen(obj=lead, client_id=None, as_of=as_of)
    held = WithdrawnLead.objects.filter(lead=lead, withdrawal__taken_back=None).select_related("withdrawal")
    return Review(
        lead=lead,
        withdrawn=[row.withdrawal.get_reason_display() for row in held],
        record=record_of(client_id=one.client_id, as_of=as_of),
        reasons=_reasons(one.client_id, as_of),
        allowance=allowance_of(client_id=one.client_id, as_of=as_of),
        others=_others(one),
    )


def _reasons(client_id: UUID, as_of: datetime) -> list[tuple[str, int]]:
    recent = Return.objects.filter(client_id=client_id, asked_at_utc__gt=credits_since(as_of)).order_by()
    counts = recent.values_list("reason").annotate(many=Count("id")).order_by("-many", "reason")
    return [(ReturnReason(reason).label, many) for reason, many in counts]


def _others(one: Return) -> list[OtherSale]:
    """The person's sales, this one excepted. The records of its few leads are found by an index."""
    linked = PersonLink.objects.filter(lead=one.sale.lead_id).values_list("other_id", flat=True)
    leads = [one.sale.lead_id, *linked]
    sales = Sale.objects.filter(inventory__lead_id__in=leads).exclude(id=one.sale_id)
    found: Sequence[Sale] = list(sales.select_related("client").order_by("-sold_at_utc", "id"))
    returned = returned_among([sale.id for sale in found])
    return [OtherSale(sale=sale, returned=returned.get(sale.id)) for sale in found]
