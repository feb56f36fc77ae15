"""Loads of leads whose keys a test chooses, and what the contract says of persons, over lists."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from inventory.models import InventoryRecord, PersonLink, WithheldLead, YoungLead
from inventory.withholding.persons import load_end
from leads.age import AgeBucket
from leads.ingestion import Persons
from leads.loads.models import Load
from leads.models import Lead
from tests.factories import InventoryFactory, LeadFactory


def key(number: int) -> UUID:
    return UUID(int=number + 1)


def maybe_key(number: int | None) -> UUID | None:
    return None if number is None else key(number)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`phone` and `call_in` are keys by number; None is none."""

    phone: int | None
    call_in: int | None
    age: timedelta

    @property
    def keys(self) -> set[int]:
        return {number for number in (self.phone, self.call_in) if number is not None}


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


@dataclass(slots=True)
class Naive:
    """The chapters "Person" and "Withdrawal" over lists."""

    people: dict[UUID, tuple[set[int], datetime]] = field(default_factory=dict)
    """By lead: its keys, and the instant of the inquiry."""
    withdrawals: list[set[UUID]] = field(default_factory=list)

    def load(self, leads: Sequence[Lead], inquiries: Sequence[Inquiry]) -> None:
        for lead, inquiry in zip(leads, inquiries, strict=True):
            self.people[lead.id] = (inquiry.keys, lead.created_at_utc)

    @property
    def common(self) -> set[int]:
        borne = Counter(number for keys, _ in self.people.values() for number in keys)
        return {number for number, bearers in borne.items() if bearers > 5}

    @property
    def links(self) -> set[tuple[UUID, UUID]]:
        common = self.common
        return {
            (one, other)
            for one, (keys, _) in self.people.items()
            for other, (theirs, _) in self.people.items()
            if one != other and keys & theirs - common
        }

    @property
    def withdrawn(self) -> set[UUID]:
        return set().union(*self.withdrawals)

    @property
    def withheld(self) -> dict[UUID, tuple[bool, bool]]:
        withdrawn = self.withdrawn
        superseded = {
            one
            for one, other in self.links
            if other not in withdrawn and (self.people[other][1], other) > (self.people[one][1], one)
        }
        return {lead: (lead in withdrawn, lead in superseded) for lead in withdrawn | superseded}


def withheld_now() -> dict[UUID, tuple[bool, bool]]:
    return {lead: (own, theirs) for lead, own, theirs in WithheldLead.objects.values_list()}


def links_now() -> set[tuple[UUID, UUID]]:
    return set(PersonLink.objects.values_list("lead_id", "other_id"))


def on_sale(as_of: datetime) -> set[UUID]:
    return set(InventoryRecord.objects.sellable(as_of).values_list("lead_id", flat=True))
