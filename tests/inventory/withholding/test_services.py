"""Withdrawing leads and taking that back, as staff, commands and opt-outs do it (contract, "Withdrawal")."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from homeshield.audit.models import AuditEvent
from homeshield.lib.errors import DomainError
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord, Withdrawal, WithdrawalTakenBack, WithdrawnLead, WithheldLead
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.errors import (
    LeadsNotFound,
    NothingToWithdraw,
    TakenBackAlready,
    WithdrawalNotFound,
    WithdrawalRefused,
    WithdrawnForEver,
)
from inventory.withholding.models import Reason
from inventory.withholding.persons import load_end
from inventory.withholding.services import keys_withdraw, leads_withdraw, load_withdraw, withdrawal_take_back
from leads.age import AgeBucket
from leads.classification import Classification
from leads.loads.models import Load
from leads.models import OptOut
from tests.factories import ClientFactory, LeadFactory, StaffFactory, stock
from tests.inventory.withholding.people import Inquiry, key, load, on_sale
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

WORN = timedelta(days=200)


def test_a_withdrawal_and_its_taking_back_are_on_record_without_the_note(as_of: datetime) -> None:
    user = StaffFactory()
    [record] = stock(1, as_of=as_of)
    done = leads_withdraw(
        lead_ids=[record.lead_id], reason="other", note=" A neighbor called. ", by_id=user.id, as_of=as_of
    )
    withdrawal_take_back(withdrawal_id=done.withdrawal_id, note="It was another lead.", by_id=None, as_of=as_of)
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.note, withdrawal.withdrawn_by, withdrawal.withdrawn_at_utc) == (
        "A neighbor called.",
        user,
        as_of,
    )
    assert (withdrawal.taken_back.note, withdrawal.taken_back.taken_back_by) == ("It was another lead.", None)
    events = AuditEvent.objects.order_by("id").values_list("action", "object_id", "details")
    assert list(events) == [
        ("withdrawal.make", str(withdrawal.id), {"reason": "other", "leads": 1}),
        ("withdrawal.take_back", str(withdrawal.id), {"reason": "other", "leads": 1}),
    ]


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_that_lies_in_the_person_withdraws_all_leads_of_the_number(as_of: datetime, reason: Reason) -> None:
    leads, _ = load(Inquiry(1, None, WORN), Inquiry(2, 1, WORN), Inquiry(3, None, WORN), as_of=as_of)
    done = leads_withdraw(lead_ids=[leads[0].id], reason=reason, note="It rings and rings.", by_id=None, as_of=as_of)
    in_the_person = reason in {"opt_out", "erased", "dead_number", "wrong_person"}
    assert done.leads == (2 if in_the_person else 1)
    assert on_sale(as_of) == {lead.id for lead in leads[done.leads :]}


def test_a_number_that_is_nobodys_withdraws_no_others(as_of: datetime) -> None:
    leads, _ = load(*[Inquiry(1, None, WORN)] * 6, as_of=as_of)
    leads_withdraw(lead_ids=[leads[0].id], reason="dead_number", note="It is dead.", by_id=None, as_of=as_of)
    assert on_sale(as_of) == {lead.id for lead in leads[1:]}


def test_a_load_is_withdrawn_with_its_leads_and_no_others(as_of: datetime) -> None:
    [other], _ = load(Inquiry(1, None, WORN * 2), as_of=as_of)
    leads, _ = load(Inquiry(1, None, WORN), Inquiry(2, None, WORN), as_of=as_of)
    done = load_withdraw(load_id=leads[0].load_id or 0, note="The columns were shifted.", by_id=None, as_of=as_of)
    assert Withdrawal.objects.get().load_id == leads[0].load_id
    assert done.leads == 2
    assert Withdrawal.objects.get().reason == "bad_load"
    assert on_sale(as_of) == {other.id}  # the inquiry that the bad one had superseded
    assert AuditEvent.objects.get().details == {"reason": "bad_load", "leads": 2, "load": leads[0].load_id}
    withdrawal_take_back(withdrawal_id=done.withdrawal_id, note="They were not.", by_id=None, as_of=as_of)
    assert on_sale(as_of) == {lead.id for lead in leads}


def test_a_key_is_withdrawn_with_every_lead_that_bears_it(as_of: datetime) -> None:
    leads, _ = load(Inquiry(1, None, WORN), Inquiry(2, 1, WORN), Inquiry(2, None, WORN), as_of=as_of)
    [one, two] = [key(1), key(9)]
    done = keys_withdraw(keys=[one, two], reason="opt_out", note="By mail.", by_id=None, as_of=as_of)
    assert done
    assert done.leads == 2
    assert on_sale(as_of) == {leads[2].id}
    assert keys_withdraw(keys=[two], reason="opt_out", note="By mail.", by_id=None, as_of=as_of) is None
    assert Withdrawal.objects.count() == 1


def test_who_opted_out_while_the_file_was_being_loaded_is_withdrawn_at_its_end(as_of: datetime) -> None:
    OptOut.objects.create(
        key=key(1), kind="staff", state="in_force", received_at_utc=as_of, due_on=as_of.date(), done_at_utc=as_of
    )
    leads, found = load(Inquiry(1, None, WORN), Inquiry(2, 1, WORN), Inquiry(3, None, WORN), as_of=as_of)
    assert found.opted_out == 2
    assert on_sale(as_of) == {leads[2].id}
    assert Withdrawal.objects.get().reason == "opt_out"


def test_what_was_sold_stays_sold(as_of: datetime) -> None:
    first, _ = stock(2, as_of=as_of)
    InventoryRecord.objects.filter(id=first.id).update(sold_at_utc=as_of)
    leads_withdraw(lead_ids=[first.lead_id], reason="other", note="It was sold.", by_id=None, as_of=as_of)
    assert InventoryRecord.objects.get(id=first.id).sold_at_utc == as_of


def refused(act: Callable[[], object], refusal: type[DomainError]) -> DomainError:
    """What it says, when nothing has changed."""

    def everything() -> list[list[object]]:
        models = (Withdrawal, WithdrawnLead, WithdrawalTakenBack, WithheldLead, InventoryRecord, AuditEvent)
        return [list(model._default_manager.order_by("pk").values_list()) for model in models]

    before = everything()
    with pytest.raises(refusal) as said:
        act()
    assert everything() == before
    return said.value


def test_a_taking_back_that_waited_for_the_roll_loses_no_record(as_of: datetime) -> None:
    set_prices(as_of - timedelta(days=1))
    [lead], _ = load(Inquiry(1, None, timedelta(days=179)), as_of=as_of)
    gold = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
    buy(ClientFactory(), 1, gold, as_of=as_of)
    done = leads_withdraw(lead_ids=[lead.id], reason="other", note="A mistake.", by_id=None, as_of=as_of)
    later = as_of + timedelta(days=2)
    inventory_generate(as_of=later, now=later)
    withdrawal_take_back(withdrawal_id=done.withdrawal_id, note="It was none.", by_id=None, as_of=as_of)
    inventory_generate(as_of=later, now=later)
    assert on_sale(later) == {lead.id}


def test_what_cannot_be_withdrawn_is_refused(as_of: datetime) -> None:
    [record] = stock(1, as_of=as_of)
    nobody = uuid4()

    def withdraw(*ids: object, reason: str = "other", note: str = "Why not.") -> Callable[[], object]:
        return lambda: leads_withdraw(lead_ids=ids, reason=reason, note=note, by_id=None, as_of=as_of)  # type: ignore[arg-type]

    assert str(nobody) in refused(withdraw(record.lead_id, nobody), LeadsNotFound).message
    for act, field in (
        (withdraw(), "leads"),
        (withdraw(record.lead_id, reason="whim"), "reason"),
        (withdraw(record.lead_id, note="  "), "note"),
        (withdraw(record.lead_id, note="x" * 501), "note"),
    ):
        refusal = refused(act, WithdrawalRefused)
        assert isinstance(refusal, WithdrawalRefused)
        assert refusal.field == field
    refused(lambda: load_withdraw(load_id=77, note="It is empty.", by_id=None, as_of=as_of), NothingToWithdraw)


def test_what_cannot_be_taken_back_is_refused(as_of: datetime) -> None:
    first, second = stock(2, as_of=as_of)

    def take_back(withdrawal_id: object, note: str = "It was wrong.") -> Callable[[], object]:
        return lambda: withdrawal_take_back(withdrawal_id=withdrawal_id, note=note, by_id=None, as_of=as_of)  # type: ignore[arg-type]

    made = {
        reason: leads_withdraw(lead_ids=[lead], reason=reason, note="Why not.", by_id=None, as_of=as_of).withdrawal_id
        for reason, lead in (("other", first.lead_id), ("opt_out", second.lead_id))
    }
    refused(take_back(uuid4()), WithdrawalNotFound)
    refused(take_back(made["opt_out"]), WithdrawnForEver)
    refused(take_back(made["other"], note=""), WithdrawalRefused)
    take_back(made["other"])()
    refused(take_back(made["other"]), TakenBackAlready)
    assert on_sale(as_of) == {first.lead_id}


def test_a_load_without_keys_ends_without_persons(as_of: datetime) -> None:
    empty = Load.objects.create(loaded_at_utc=as_of, loaded_by="test")
    LeadFactory(as_of=as_of, phone_key=None, load=empty)
    assert load_end(load_id=empty.id, began_at_utc=as_of, as_of=as_of) == (0, 0, 0)
