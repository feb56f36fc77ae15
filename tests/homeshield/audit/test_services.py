"""The audit record is written with the act, and never changed: neither by us nor by whoever has the database."""

from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from homeshield.accounts.models import Client, ClientStatus
from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.models import AuditEvent
from homeshield.audit.sealing import audit_seal
from homeshield.audit.services import audit_record
from homeshield.lib.origin import Origin, within
from tests.factories import UserFactory
from tests.homeshield.audit.recorded import only, told

pytestmark = pytest.mark.django_db


def record(as_of: datetime, **details: object) -> UUID:
    return audit_record(action=AuditAction.PURCHASE, as_of=as_of, details=details)  # type: ignore[arg-type]


def test_an_event_says_who_did_what_to_what_when_and_from_where(as_of: datetime) -> None:
    user = UserFactory()
    with within(Origin(channel="command", source="manage.py prices", request_id="order-4711")):
        audit_record(
            action=AuditAction.USER_STATUS,
            outcome=Outcome.REFUSED,
            actor=user,
            obj=user,
            client_id=user.client_id,
            details={
                "amount": Decimal("8.50"),
                "since": datetime(2026, 1, 2, tzinfo=UTC),
                "ids": [user.id],
                "no": None,
            },
            as_of=as_of,
        )
    event = only("user.status")
    assert (event.occurred_at_utc, event.outcome, event.actor_id, event.actor) == (
        as_of,
        "refused",
        user.id,
        user.email,
    )
    assert (event.channel, event.source, event.request_id) == ("command", "manage.py prices", "order-4711")
    assert (event.client_id, event.object_type, event.object_id) == (user.client_id, "accounts.user", str(user.id))
    assert event.details == {
        "amount": "8.50",
        "since": "2026-01-02T00:00:00+00:00",
        "ids": [str(user.id)],
        "no": None,
    }


def test_a_process_of_ours_acts_as_its_operator(as_of: datetime) -> None:
    record(as_of)
    event = only("purchase")
    assert event.actor.startswith("os:")
    assert (event.actor_id, event.address, event.channel) == (None, None, "process")


def test_an_act_that_is_rolled_back_leaves_no_event(as_of: datetime) -> None:
    with transaction.atomic():
        record(as_of)
        transaction.set_rollback(True)
    assert told() == []


def test_a_float_is_refused_because_it_can_be_written_in_more_than_one_way(as_of: datetime) -> None:
    with pytest.raises(TypeError, match="no float"):
        record(as_of, amount=8.5)
    assert told() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET outcome = 'refused'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events CASCADE",
        "UPDATE audit_seals SET hash = previous_hash",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
    ],
)
@pytest.mark.parametrize("looking_away", [False, True])
def test_nobody_changes_or_deletes_what_was_recorded(as_of: datetime, statement: str, looking_away: bool) -> None:
    record(as_of)
    audit_seal(as_of=as_of)
    connection.check_constraints()  # ends what is deferred, which TRUNCATE would meet first
    before = told()
    with (
        pgtrigger.ignore() if looking_away else nullcontext(),
        pytest.raises(IntegrityError, match="the audit record is final"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert told() == before


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("outcome", "'perhaps'", "outcome_known"),
        ("channel", "'dream'", "channel_known"),
        ("details", "'[]'", "details_are_an_object"),
        # What Python cannot read would stop the chain at this event, which nobody could take away.
        ("occurred_at_utc", "'infinity'", "instant_readable"),
        ("occurred_at_utc", "'0044-03-15 BC'", "instant_readable"),
        ("details", """('{"rows": ' || repeat('9', 5000) || '}')::jsonb""", "numbers_readable"),
    ],
)
def test_the_database_refuses_an_event_that_is_none(as_of: datetime, column: str, value: str, constraint: str) -> None:
    record(as_of)
    names = [field.attname for field in AuditEvent._meta.concrete_fields]
    chosen = [{"id": "gen_random_uuid()", column: value}.get(name, name) for name in names]
    copy = f"INSERT INTO audit_events ({', '.join(names)}) SELECT {', '.join(chosen)} FROM audit_events"
    with (
        pytest.raises(DatabaseError, match=f"audit_event_{constraint}"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(copy)


def test_an_event_outlives_what_it_speaks_of(as_of: datetime) -> None:
    client = Client.objects.create(name="Bayou", status=ClientStatus.PENDING)
    audit_record(action=AuditAction.CLIENT_STATUS, obj=client, client_id=client.id, as_of=as_of)
    client_id = client.id
    Client.objects.filter(id=client_id)._raw_delete("default")  # as retention does: its account goes along
    assert only("client.status").client_id == client_id
