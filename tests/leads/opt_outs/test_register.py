"""Contract, "Opt-out": the register, which every load asks."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from leads.models import OptOut, OptOutList
from leads.opt_outs.models import OF_LISTS, OptOutKind, OptOutState
from leads.opt_outs.register import opted_out_keys

pytestmark = pytest.mark.django_db


def entry(as_of: datetime, **facts: object) -> OptOut:
    state = facts.get("state", OptOutState.IN_FORCE)
    decided = state in {OptOutState.IN_FORCE, OptOutState.DECLINED}
    usual = {"key": uuid4(), "kind": OptOutKind.PAGE, "state": state, "received_at_utc": as_of}
    usual |= {"due_on": (as_of + timedelta(days=15)).date(), "done_at_utc": as_of if decided else None}
    return OptOut.objects.create(**usual | facts)


def test_only_what_is_in_force_stops_rows(as_of: datetime) -> None:
    of_state = {state: entry(as_of, state=state).key for state in OptOutState}
    asked = [key.hex for key in (*of_state.values(), uuid4())]
    assert opted_out_keys(asked) == {of_state[OptOutState.IN_FORCE].hex}
    assert opted_out_keys([]) == frozenset()


def test_a_key_is_named_once_however_often_it_is_opted_out(as_of: datetime) -> None:
    key = uuid4()
    entry(as_of, key=key)
    entry(as_of, key=key, kind=OptOutKind.STAFF)
    assert opted_out_keys([key.hex, key.hex]) == {key.hex}


def test_a_batch_is_answered_from_the_index(as_of: datetime) -> None:
    keys = [uuid4() for _ in range(1000)]
    for key in keys[:3]:
        entry(as_of, key=key)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE opt_outs")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT FROM unnest(%s::uuid[]) AS given (key) WHERE EXISTS "
            "(SELECT FROM opt_outs WHERE opt_outs.key = given.key AND state = 'in_force' OFFSET 0)",
            [keys],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "opt_out_once_per_key_and_kind" in plan


@pytest.mark.parametrize("kind", [kind for kind in OptOutKind if kind not in OF_LISTS])
def test_a_number_is_opted_out_once_in_each_way(as_of: datetime, kind: OptOutKind) -> None:
    first = entry(as_of, kind=kind, state=OptOutState.WAITING)
    with pytest.raises(IntegrityError, match="opt_out_once_per_key_and_kind"), transaction.atomic():
        entry(as_of, key=first.key, kind=kind)
    assert OptOut.objects.get() == first


def test_a_request_that_was_declined_can_be_made_again(as_of: datetime) -> None:
    first = entry(as_of, state=OptOutState.DECLINED)
    entry(as_of, key=first.key)
    assert opted_out_keys([first.key.hex]) == {first.key.hex}


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"kind": "fax"}, "opt_out_kind_known"),
        ({"kind": "drop"}, "opt_out_of_a_list_names_it"),
        ({"state": OptOutState.WAITING, "done_at_utc": "as_of"}, "opt_out_done_when_decided"),
        ({"done_at_utc": None}, "opt_out_done_when_decided"),
        ({"erased_at_utc": "as_of"}, "opt_out_erased_only_where_wanted"),
    ],
)
def test_the_database_knows_what_an_entry_is(as_of: datetime, facts: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        entry(as_of, **{name: as_of if value == "as_of" else value for name, value in facts.items()})
    assert not OptOut.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE opt_outs SET state = 'waiting', done_at_utc = NULL",
        "UPDATE opt_outs SET state = 'declined'",
        "UPDATE opt_outs SET key = gen_random_uuid()",
        "UPDATE opt_outs SET wants_erasure = false",
        "DELETE FROM opt_outs",
    ],
)
def test_an_opt_out_is_never_taken_back(as_of: datetime, change: str) -> None:
    entry(as_of, wants_erasure=True)
    before = OptOut.objects.values().get()
    with pytest.raises(IntegrityError, match=r"stays in the register|is decided"), transaction.atomic():
        connection.cursor().execute(change)
    assert OptOut.objects.values().get() == before


def test_a_request_that_nobody_confirmed_may_go(as_of: datetime) -> None:
    entry(as_of, state=OptOutState.UNCONFIRMED)
    OptOut.objects.all().delete()
    assert not OptOut.objects.exists()


def test_a_list_stays(as_of: datetime) -> None:
    one = OptOutList.objects.create(
        kind="drop", file_name="20261101_4821_Phone.csv", sha256="0" * 64, received_at_utc=as_of, due_on=as_of.date()
    )
    entry(as_of, kind="drop", list=one, key=UUID(int=1))
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        connection.cursor().execute("DELETE FROM opt_out_lists")
    assert OptOutList.objects.get() == one
