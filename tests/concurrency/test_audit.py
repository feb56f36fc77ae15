"""Acts are recorded side by side, and the chain is made behind them."""

from datetime import datetime

import pytest

from homeshield.audit import sealing
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent, AuditSeal, AuditUnsealed
from homeshield.audit.sealing import audit_seal
from homeshield.audit.services import audit_record, audit_seen
from homeshield.audit.verification import audit_verify
from homeshield.lib.origin import within
from tests.concurrency.parallel import rival, run_together
from tests.factories import UserFactory
from tests.homeshield.audit.recorded import By

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_act_that_has_not_ended_keeps_nobody_waiting_and_is_sealed_when_it_has(as_of: datetime) -> None:
    def act() -> None:
        audit_record(action=AuditAction.INGEST, as_of=as_of)

    with rival(act) as slow:
        audit_record(action=AuditAction.PURCHASE, as_of=as_of)
        assert audit_seal(as_of=as_of) == 1
        slow.end(commit=True)
    assert audit_seal(as_of=as_of) == 1
    assert list(AuditSeal.objects.values_list("event__action", flat=True)) == ["purchase", "ingest"]
    assert audit_verify().holds


def test_sealers_take_turns_and_make_one_chain(as_of: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)

    def work() -> int:
        for _ in range(10):
            audit_record(action=AuditAction.PURCHASE, as_of=as_of)
        return audit_seal(as_of=as_of)

    sealed = run_together([work] * 6)
    assert all(isinstance(count, int) for count in sealed), sealed
    audit_seal(as_of=as_of)
    verdict = audit_verify()
    assert (verdict.holds, verdict.seals, verdict.waiting) == (True, 60, 0)
    assert not AuditUnsealed.objects.exists()


def test_of_many_looks_at_once_one_is_on_record(as_of: datetime) -> None:
    ada = UserFactory()

    def look() -> None:
        with within(By(ada)):
            audit_seen(obj=ada, client_id=None, as_of=as_of)

    assert run_together([look] * 8) == [None] * 8
    assert AuditEvent.objects.filter(action=AuditAction.PERSONAL_DATA_SEE).count() == 1
