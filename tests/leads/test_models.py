"""Contract, "Lead": immutable once ingested, by the database itself."""

from datetime import datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import TextField

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


TEXTS = [field.name for field in Lead._meta.fields if isinstance(field, TextField)]


@pytest.mark.parametrize("field", TEXTS)
def test_the_database_knows_how_long_a_text_may_be(field: str, as_of: datetime) -> None:
    most = 100 if field in ("county", "city", "zip") else 1000
    LeadFactory.create(as_of=as_of, **{"full_name": "Ada", field: "é" * most})
    with pytest.raises(IntegrityError, match=r"lead_places_are_short|lead_texts_are_bounded"), transaction.atomic():
        LeadFactory.create(as_of=as_of, **{"full_name": "Ada", field: "é" * (most + 1)})
    assert Lead.objects.count() == 1


@pytest.mark.parametrize("called", ["1899-12-30 23:59:59", "9000-01-01", "infinity", "-infinity", "0044-03-15 BC"])
def test_the_database_takes_no_inquiry_from_outside_the_calendar(called: str, as_of: datetime) -> None:
    lead = LeadFactory.create(as_of=as_of)
    with (
        pytest.raises(IntegrityError, match="lead_inquiry_in_the_calendar"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO leads (id, natural_key, created_at_utc, classification, state, call_in_date) "
            "VALUES (gen_random_uuid(), gen_random_uuid(), %s, 'Gold', 'LA', 'x')",
            [called],
        )
    assert Lead.objects.get() == lead


def test_one_inquiry_is_there_once(as_of: datetime) -> None:
    lead = LeadFactory.create(as_of=as_of)
    with pytest.raises(DatabaseError, match="natural_key"), transaction.atomic():
        LeadFactory.create(as_of=as_of, natural_key=lead.natural_key)


def test_a_lead_does_not_show_whose_it_is(as_of: datetime) -> None:
    lead = LeadFactory.create(as_of=as_of)
    assert str(lead) == f"Lead {lead.id}"
