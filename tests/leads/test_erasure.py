"""Contract, "Opt-out": a lead is erased by the one function, whole, and once."""

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from homeshield.lib.personal_data import About, fields_about
from inventory.counting.compaction import counts_compare
from inventory.models import Exclusion
from inventory.withholding.models import Reason
from inventory.withholding.services import leads_withdraw
from leads.erasure import KEYS, PERSONAL
from leads.models import Lead
from sales.privacy.carrying_out import leads_erase
from tests.factories import ClientFactory, stock
from tests.inventory.suppression.lists import listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(as_of: datetime) -> Lead:
    return stock(1, as_of=as_of, call_in_phone_number="3181999999")[0].lead


def withdraw(lead: Lead, as_of: datetime) -> None:
    leads_withdraw(lead_ids=[lead.id], reason=Reason.ERASED, note="asked", by_id=None, as_of=as_of)


def test_what_goes_is_what_describes_the_person() -> None:
    assert set(PERSONAL) == fields_about(Lead, About.HOMEOWNER)
    assert set(KEYS) == {field.name for field in Lead._meta.fields if field.name.endswith("_key")} - {"natural_key"}


def test_a_lead_is_erased_once(lead: Lead, as_of: datetime) -> None:
    withdraw(lead, as_of)
    before = dict(Lead.objects.values().get())
    assert leads_erase([lead.id], as_of=as_of) == 1
    after = dict(Lead.objects.values().get())
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {*PERSONAL, *KEYS, "natural_key", "erased_at_utc"}
    assert {after[name] for name in (*PERSONAL, *KEYS)} == {None}
    assert leads_erase([lead.id], as_of=as_of) == 0
    assert Lead.objects.values().get() == after


def test_who_owns_an_erased_lead_is_known_and_on_whose_lists_it_was_is_not(lead: Lead, as_of: datetime) -> None:
    """Nor does a list that goes later find the lead, which has no keys."""
    lister, owner = ClientFactory(), ClientFactory()
    for client in (lister, owner):
        listed(client, [str(lead.borrower_phone)], as_of=as_of)
    Exclusion.objects.filter(client=owner).update(owned=True)
    withdraw(lead, as_of)
    assert leads_erase([lead.id], as_of=as_of) == 1
    assert list(Exclusion.objects.values_list("client_id", "owned", "listed")) == [(owner.id, True, False)]
    assert counts_compare() == []


def test_a_lead_that_is_not_withdrawn_is_not_erased(lead: Lead, as_of: datetime) -> None:
    before = Lead.objects.values().get()
    assert leads_erase([lead.id], as_of=as_of) == 0
    assert Lead.objects.values().get() == before


ALL_NULL = ", ".join(f"{name} = NULL" for name in (*PERSONAL, *KEYS))


@pytest.mark.parametrize(
    "change",
    [
        f"{ALL_NULL}, erased_at_utc = now()",  # the very change, but not by the function
        "first_name = NULL",
        "erased_at_utc = now()",
        "phone_key = NULL, call_in_key = NULL",
    ],
)
def test_nothing_else_erases(lead: Lead, as_of: datetime, change: str) -> None:
    withdraw(lead, as_of)
    before = Lead.objects.values().get()
    with pytest.raises(IntegrityError, match="a lead is immutable"), transaction.atomic():
        connection.cursor().execute(f"UPDATE leads SET {change}")
    assert Lead.objects.values().get() == before
