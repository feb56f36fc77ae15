"""CONTACT_KEY is never changed unnoticed: with another one nobody would be known again."""

import io
from datetime import datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from pytest_django import Settings

from leads.contact_key_check import ContactKeyChanged, ContactKeyCheck, contact_key_check, contact_key_confirm
from leads.ingestion import ingest
from leads.models import Lead, Load
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.leads.ingestion.loads import CountOnly

pytestmark = pytest.mark.django_db

OTHER = "another-contact-key-" * 3


def test_a_database_without_keys_takes_any(settings: Settings) -> None:
    ContactKeyCheck.objects.all().delete()
    contact_key_check()
    assert not ContactKeyCheck.objects.exists()
    contact_key_confirm()
    contact_key_confirm()
    assert ContactKeyCheck.objects.count() == 1
    settings.CONTACT_KEY = OTHER
    for ask in (contact_key_check, contact_key_confirm):
        with pytest.raises(ContactKeyChanged, match="Set it to the earlier one"):
            ask()
    assert ContactKeyCheck.objects.count() == 1


def test_there_is_one(db: None) -> None:
    contact_key_confirm()
    with pytest.raises(DatabaseError, match="contact_key_is_one"), transaction.atomic():
        ContactKeyCheck.objects.create(id=2, digest="00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_load_with_another_one_is_refused(settings: Settings, now: datetime, tmp_path: Path, dry_run: bool) -> None:
    contact_key_confirm()
    settings.CONTACT_KEY = OTHER
    with pytest.raises(ContactKeyChanged):
        ingest(
            source=io.BytesIO(csv_bytes(row())), as_of=now, records=CountOnly, rejects_path=tmp_path / "r.csv",
            dry_run=dry_run,
        )  # fmt: skip
    assert not Lead.objects.exists()
    assert not Load.objects.exists()
