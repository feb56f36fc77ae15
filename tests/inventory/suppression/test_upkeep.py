"""What the scheduler sees to: lists end on their date, and what a worker left is gone on with."""

from datetime import datetime, timedelta

import pytest
from django_tasks_db.models import DBTaskResult

from homeshield.audit.models import AuditEvent
from inventory.models import SuppressionPiece
from inventory.suppression import tasks
from inventory.suppression.errors import EndsInThePast
from inventory.suppression.models import ListStatus, UploadState
from inventory.suppression.recognition import recognise
from inventory.suppression.services import list_change, list_create, list_remove, upload_discard, upload_receive
from inventory.suppression.upkeep import STANDS_STILL, UNCONFIRMED, lists_upkeep
from tests.factories import ClientFactory, stock
from tests.homeshield.worker import tasks_run
from tests.inventory.suppression.lists import entries_of, listed, number, pairs, upload

pytestmark = pytest.mark.django_db


def test_a_list_counts_through_its_last_day_and_then_ends(now: datetime) -> None:
    client = ClientFactory()
    stock(1, as_of=now, borrower_phone=number(1))
    made = listed(client, [number(1)], as_of=now)
    list_change(client_id=client.id, list_id=made.id, name="Ours", ends_on=now.date(), as_of=now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    lists_upkeep(as_of=midnight - timedelta(microseconds=1))
    made.refresh_from_db()
    assert made.status == ListStatus.ACTIVE
    lists_upkeep(as_of=midnight)
    assert pairs(client).keys() == {number(1)}
    assert ("list_go_on", "SUCCESSFUL") in tasks_run()
    made.refresh_from_db()
    assert (made.status, made.entries, entries_of(made), pairs(client)) == (ListStatus.ENDED, 0, 0, {})
    assert AuditEvent.objects.filter(action="suppression.end", object_id=str(made.id)).count() == 1
    list_remove(client_id=client.id, list_id=made.id, as_of=midnight)
    tasks_run()
    made.refresh_from_db()
    assert made.status == ListStatus.REMOVED


def test_a_last_day_in_the_past_is_refused(as_of: datetime) -> None:
    client = ClientFactory()
    made = list_create(client_id=client.id, name="Ours", user=None, as_of=as_of)
    with pytest.raises(EndsInThePast):
        list_change(
            client_id=client.id, list_id=made.id, name="Other", ends_on=as_of.date() - timedelta(days=1), as_of=as_of
        )
    made.refresh_from_db()
    assert (made.name, made.ends_on) == ("Ours", None)


def test_a_list_that_stands_still_is_given_to_the_worker_again_and_only_then(now: datetime) -> None:
    made = list_create(client_id=ClientFactory().id, name="Ours", user=None, as_of=now)
    upload(made, [number(1)], as_of=now)
    DBTaskResult.objects.all().update(status="RUNNING")  # as a worker leaves it that was killed
    lists_upkeep(as_of=now + STANDS_STILL)
    assert tasks_run() == []
    later = now + STANDS_STILL + timedelta(seconds=1)
    lists_upkeep(as_of=later)
    lists_upkeep(as_of=later + timedelta(seconds=10))
    assert tasks_run() == [("list_go_on", "SUCCESSFUL")]
    assert entries_of(made) == 1
    lists_upkeep(as_of=later + 2 * STANDS_STILL)
    assert tasks_run() == []


def test_after_some_pieces_other_tasks_have_their_turn(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PIECES_AT_ONCE", 1)
    made = list_create(client_id=ClientFactory().id, name="Ours", user=None, as_of=now)
    upload(made, [number(1)], as_of=now)
    assert tasks_run() == [("list_go_on", "SUCCESSFUL")] * 3  # the piece, its end, and that nothing is left
    assert entries_of(made) == 1


def test_an_upload_that_nobody_confirms_is_forgotten_after_a_day(as_of: datetime) -> None:
    made = list_create(client_id=ClientFactory().id, name="Ours", user=None, as_of=as_of)
    recognised = recognise(number(1).encode())
    waits = upload_receive(of=made, recognised=recognised, replaces=False, user=None, as_of=as_of)
    lists_upkeep(as_of=as_of + UNCONFIRMED)
    assert SuppressionPiece.objects.count() == 1
    lists_upkeep(as_of=as_of + UNCONFIRMED + timedelta(seconds=1))
    waits.refresh_from_db()
    assert (waits.state, SuppressionPiece.objects.count()) == (UploadState.DISCARDED, 0)


def test_a_new_list_goes_with_its_only_upload(now: datetime) -> None:
    made = list_create(client_id=ClientFactory().id, name="Ours", user=None, as_of=now)
    recognised = recognise(number(1).encode())
    waits = upload_receive(of=made, recognised=recognised, replaces=False, user=None, as_of=now)
    upload_discard(client_id=made.client_id, upload_id=waits.id, as_of=now)
    tasks_run()
    made.refresh_from_db()
    assert made.status == ListStatus.REMOVED
    assert not SuppressionPiece.objects.exists()
