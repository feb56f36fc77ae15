"""Contract, "Lead": immutable once ingested, by the database itself."""

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from leads.models import Lead
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leads SET first_name = 'Eve'",
        "UPDATE leads SET created_at_utc = created_at_utc - interval '1 second'",
        "UPDATE leads SET classification = 'Silver'",
        "DELETE FROM leads",
    ],
)
def test_a_lead_cannot_be_changed_or_removed(statement: str, as_of: datetime) -> None:
    LeadFactory.create(as_of=as_of)
    before = Lead.objects.values().get()
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Lead.objects.values().get() == before


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [({"classification": "Bronze"}, "lead_classification_known"), ({"state": "la"}, "lead_state_is_a_code")],
)
def test_the_database_knows_classes_and_codes(facts: dict[str, str], constraint: str, as_of: datetime) -> None:
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        LeadFactory.create(as_of=as_of, **facts)


def test_one_inquiry_is_there_once(as_of: datetime) -> None:
    lead = LeadFactory.create(as_of=as_of)
    with pytest.raises(DatabaseError, match="natural_key"), transaction.atomic():
        LeadFactory.create(as_of=as_of, natural_key=lead.natural_key)


def test_a_lead_does_not_show_whose_it_is(as_of: datetime) -> None:
    lead = LeadFactory.create(as_of=as_of)
    assert str(lead) == f"Lead {lead.id}"
