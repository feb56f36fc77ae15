"""Loads of leads whose keys a test chooses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from inventory.models import InventoryRecord, PersonLink, WithheldLead, YoungLead
from inventory.withholding.persons import load_end
from leads.age import AgeBucket
from leads.contact_keys import key_of_digits
from leads.ingestion import Persons
from leads.loads.models import Load
from leads.models import Lead
from tests.factories import InventoryFactory, LeadFactory
from tests.inventory.suppression.lists import number


def key(person: int) -> UUID:
    """That of the number which a list may have, too."""
    return key_of_digits(number(person))


def maybe_key(person: int | None) -> UUID | None:
    return None if person is None else key(person)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`phone` and `call_in` are numbers by whose they are; None is none."""

    phone: int | None
    call_in: int | None
    age: timedelta

    @property
    def keys(self) -> set[int]:
        return {person for person in (self.phone, self.call_in) if person is not None}


def load(*inquiries: Inquiry, as_of: datetime) -> tuple[list[Lead], Persons]:
    """Loads them at `as_of`, as ingestion does: leads and records first, persons at the end."""
    began = Load.objects.create(loaded_at_utc=as_of, loaded_by="test")
    leads = Lead.objects.bulk_create(
        LeadFactory.build(
            as_of=as_of,
            age=each.age,
            load=began,
            phone_key=maybe_key(each.phone),
            call_in_key=maybe_key(each.call_in) if each.call_in != each.phone else None,
        )
        for each in inquiries
    )
    for lead in leads:
        if AgeBucket.at(lead.created_at_utc, as_of):
            InventoryFactory(lead=lead, as_of=as_of)
        else:
            enters = AgeBucket.MONTH_3_TO_5.enters_at(lead.created_at_utc)
            YoungLead.objects.create(lead=lead, enters_at_utc=enters)
    return leads, load_end(load_id=began.id, began_at_utc=as_of, as_of=as_of)


def withheld_now() -> dict[UUID, tuple[bool, bool]]:
    return {lead: (own, theirs) for lead, own, theirs in WithheldLead.objects.values_list()}


def links_now() -> set[tuple[UUID, UUID]]:
    return set(PersonLink.objects.values_list("lead_id", "other_id"))


def on_sale(as_of: datetime) -> set[UUID]:
    return set(InventoryRecord.objects.sellable(as_of).values_list("lead_id", flat=True))
