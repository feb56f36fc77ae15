"""Fictional people and their leads. Each has a phone number of its own, with an exchange
that begins with 1, which no real one does."""

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import factory
from django.utils import timezone

from homeshield.accounts.models import Client, ClientStatus, User
from homeshield.accounts.permissions import ClientRole
from homeshield.accounts.services import sign_in_address_set
from homeshield.billing.models import CreditLimitChange
from inventory.facts.place import UNKNOWN
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_keys import lead_keys
from leads.loads.models import Load, LoadOutcome
from leads.models import Lead

PASSWORD = "correct horse battery staple"


class ClientFactory(factory.django.DjangoModelFactory[Client]):
    """A buying company that may buy, on account unless it is given a `credit_limit`."""

    class Meta:
        model = Client

    name = factory.Sequence(lambda n: f"Example Agency {n}")
    status = ClientStatus.ACTIVE

    @classmethod
    def _create(
        cls, model_class: type[Client], *args: Any, credit_limit: Decimal | int | None = None, **values: Any
    ) -> Client:
        client: Client = super()._create(model_class, *args, **values)
        CreditLimitChange.objects.create(
            client=client, credit_limit=credit_limit, changed_at_utc=timezone.now(), reason="As tests need it."
        )
        return client


class UserFactory(factory.django.DjangoModelFactory[User]):
    """An owner of a client, who signs in with PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"buyer{n}@agency.example")
    client = factory.SubFactory(ClientFactory)
    role = ClientRole.OWNER
    password = factory.django.Password(PASSWORD)

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **values: Any) -> User:
        """The address counts as verified, as that of every user who can sign in."""
        user: User = super()._create(model_class, *args, **values)
        sign_in_address_set(user=user)
        return user


class StaffFactory(UserFactory):
    """A member of staff with every permission."""

    email = factory.Sequence(lambda n: f"staff{n}@homeshield.example")
    client = None
    is_staff = True
    is_superuser = True


class LoadFactory(factory.django.DjangoModelFactory[Load]):
    """A load of one row that is a lead."""

    class Meta:
        model = Load

    file_name = factory.Sequence(lambda n: f"leads{n}.csv")
    sha256 = factory.Sequence(lambda n: sha256(f"leads{n}".encode()).hexdigest())
    loaded_by = "os:operator"
    outcome = LoadOutcome.LOADED
    rows = factory.LazyAttribute(lambda o: o.loaded)
    loaded = 1
    gold = factory.LazyAttribute(lambda o: o.loaded)
    silver = factory.LazyAttribute(lambda o: o.loaded - o.gold)


def keys(lead: Any) -> list[UUID | None]:
    """What ingestion computes from a lead's two phone numbers."""
    found = lead_keys(lead.borrower_phone or "", lead.call_in_phone_number or "")
    return [UUID(key) if key else None for key in found]


class LeadFactory(factory.django.DjangoModelFactory[Lead]):
    """A Gold lead of Caddo, LA, `age` (a timedelta) old at `as_of`."""

    class Meta:
        model = Lead

    class Params:
        as_of = None
        age = timedelta(days=200)

    created_at_utc = factory.LazyAttribute(lambda o: o.as_of - o.age)
    call_in_date = factory.LazyAttribute(lambda o: f"{o.created_at_utc:%m-%d-%Y %H:%M:%S}")
    classification = Classification.GOLD
    state = "LA"
    county = "Caddo"
    city = "Pecanville"
    zip = "71118-2401"
    address = factory.Sequence(lambda n: f"{n} Magnolia Dr")
    first_name = "Ada"
    last_name = factory.Sequence(lambda n: f"Fontenot{n}")
    full_name = factory.LazyAttribute(lambda o: f"{o.first_name} {o.last_name}")
    borrower_phone = factory.Sequence(lambda n: f"3181{n % 1_000_000:06d}")
    call_in_phone_number = None
    phone_key = factory.LazyAttribute(lambda o: keys(o)[0])
    call_in_key = factory.LazyAttribute(lambda o: keys(o)[1])
    borrower_age = "51"
    borrower_medical_issues = "No"
    borrower_tobacco_use = "No"
    co_borrower = "Yes"
    source = "CALL"
    mortgage_id = factory.Sequence(lambda n: f"{n:08d}")
    natural_key = factory.LazyFunction(uuid4)


class InventoryFactory(factory.django.DjangoModelFactory[InventoryRecord]):
    """The record of a lead for the bucket that it is in at `as_of`."""

    class Meta:
        model = InventoryRecord

    class Params:
        as_of = None

    lead = factory.SubFactory(LeadFactory, as_of=factory.SelfAttribute("..as_of"))
    age_bucket = factory.LazyAttribute(lambda o: AgeBucket.at(o.lead.created_at_utc, o.as_of))
    classification = factory.SelfAttribute("lead.classification")
    state = factory.SelfAttribute("lead.state")
    county = factory.LazyAttribute(lambda o: o.lead.county or UNKNOWN)
    enters_at_utc = factory.LazyAttribute(lambda o: AgeBucket(o.age_bucket).enters_at(o.lead.created_at_utc))
    expires_at_utc = factory.LazyAttribute(lambda o: AgeBucket(o.age_bucket).expires_at(o.lead.created_at_utc))

    @classmethod
    def _create(cls, model_class: type[InventoryRecord], *args: Any, **values: Any) -> InventoryRecord:
        """A record begins unsold; what is to be sold is so by a later statement."""
        sold_at = values.pop("sold_at_utc", None)
        record: InventoryRecord = super()._create(model_class, *args, **values)
        if sold_at:
            InventoryRecord.objects.filter(id=record.id).update(sold_at_utc=sold_at)
            record.sold_at_utc = sold_at
        return record


def stock(count: int, *, as_of: datetime, age_days: int = 200, **facts: object) -> list[InventoryRecord]:
    """`count` sellable records of leads that are `age_days` (and some seconds) old at `as_of`, in two statements."""
    leads = [LeadFactory.build(as_of=as_of, age=timedelta(days=age_days, seconds=n), **facts) for n in range(count)]
    Lead.objects.bulk_create(leads)
    return InventoryRecord.objects.bulk_create([InventoryFactory.build(as_of=as_of, lead=lead) for lead in leads])
