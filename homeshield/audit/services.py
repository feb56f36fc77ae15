"""Writing to the audit record: one service, which every act calls in its own transaction.

Within a transaction the event shares its fate: an act that is rolled back leaves none. What failed or was refused is
therefore recorded after its transaction has ended.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString, Protocol
from uuid import UUID

from django.db import connection, models

from homeshield.audit.actions import AuditAction, Outcome
from homeshield.lib.ids import new_id
from homeshield.lib.origin import Actor, origin

type Detail = bool | int | str | UUID | Decimal | date | Sequence[Detail] | Mapping[str, Detail] | None
type Details = Mapping[str, Detail]


class Account(Protocol):
    """A user, as far as the audit record is concerned."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...


# No RETURNING and no look-up: whoever may add events need not be able to read them.
RECORDING: LiteralString = """
    INSERT INTO audit_events (id, occurred_at_utc, action, outcome, actor_id, actor, channel, source, address,
                              request_id, client_id, object_type, object_id, details)
    VALUES (%(audit_id)s, coalesce(%(audit_as_of)s, now()), %(audit_action)s, %(audit_outcome)s, %(audit_actor_id)s,
            %(audit_actor)s, %(audit_channel)s, %(audit_source)s, %(audit_address)s, %(audit_request_id)s,
            %(audit_client_id)s, %(audit_object_type)s, %(audit_object_id)s, %(audit_details)s::jsonb)
"""
"""Writes an event, with `audit_parameters`. For the one act that is done so often that another round trip shows (the
purchase): it sends this in one message with its last statement. All others call `audit_record`."""


def audit_record(
    *,
    action: AuditAction,
    as_of: datetime | None,
    obj: models.Model | tuple[str, object] | None = None,
    client_id: UUID | None = None,
    outcome: Outcome = Outcome.DONE,
    details: Details | None = None,
    actor: Account | None = None,
) -> UUID:
    """Records an act at `as_of` (None: the database's transaction time), in the current transaction; its id.

    `obj` is what it was done to: a row, or its kind and id where there is no row at hand. `client_id` is the client
    whose matter it is. Who acted and from where is known from the origin (homeshield/lib/origin.py); `actor` is for
    the cases where it is not, such as the sign-in itself.

    `details` holds counts, amounts, codes, ids, instants, and never what describes a person, nor free text that
    somebody typed. Money is Decimal; a float raises TypeError, because it has no one way to be written.
    """
    parameters = audit_parameters(
        action=action, as_of=as_of, obj=obj, client_id=client_id, outcome=outcome, details=details, actor=actor
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORDING, parameters)
    event_id: UUID = parameters["audit_id"]
    return event_id


def audit_seen(*, obj: models.Model, client_id: UUID | None, as_of: datetime) -> None:
    """Records that the actor was shown the personal data of `obj`: once for each actor, object and hour.

    The hour is that of the clock, in UTC. Of requests at once the database keeps one (audit_event_seen_once_an_hour).
    To be called before the data are sent, so that nobody sees them whose look cannot be recorded.
    """
    parameters = audit_parameters(action=AuditAction.PERSONAL_DATA_SEE, as_of=as_of, obj=obj, client_id=client_id)
    with connection.cursor() as cursor:
        cursor.execute(RECORDING + "ON CONFLICT DO NOTHING", parameters)


def audit_parameters(
    *,
    action: AuditAction,
    as_of: datetime | None,
    obj: models.Model | tuple[str, object] | None = None,
    client_id: UUID | None = None,
    outcome: Outcome = Outcome.DONE,
    details: Details | None = None,
    actor: Account | None = None,
) -> dict[str, Any]:
    """What RECORDING takes, by names that all begin with `audit_`; the arguments are those of `audit_record`."""
    now = origin()
    who = now.actor if actor is None else Actor(actor.id, actor.email)
    kind, key = _named(obj)
    return {
        "audit_id": new_id(),
        "audit_as_of": as_of,
        "audit_action": action.value,
        "audit_outcome": outcome.value,
        "audit_actor_id": who.id,
        "audit_actor": who.name,
        "audit_channel": now.channel,
        "audit_source": now.source,
        "audit_address": now.address,
        "audit_request_id": now.request_id,
        "audit_client_id": client_id,
        "audit_object_type": kind,
        "audit_object_id": key,
        "audit_details": json.dumps(_plain(details or {})),
    }


def _named(obj: models.Model | tuple[str, object] | None) -> tuple[str, str]:
    match obj:
        case None:
            return "", ""
        case models.Model():
            return obj._meta.label_lower, str(obj.pk)
        case (kind, key):
            return kind, str(key)


def _plain(value: Detail) -> object:
    """As JSON holds it in one way only."""
    match value:
        case None | bool() | int() | str():
            return value
        case UUID() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case Sequence():
            return [_plain(one) for one in value]
    raise TypeError(f"The audit record holds no {type(value).__name__}.")
