"""Writes to the audit record, in the act's transaction.

A rollback takes the event with it, so record a refusal after its transaction.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString, Protocol
from uuid import UUID

from django.db import connection, models

from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.addresses import address_digest
from homeshield.lib.ids import new_id
from homeshield.lib.origin import Actor, origin

type Detail = bool | int | str | UUID | Decimal | date | Sequence[Detail] | Mapping[str, Detail] | None
type Details = Mapping[str, Detail]


class Account(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...


# No RETURNING and no SELECT: a role that adds events need not read them.
RECORDING: LiteralString = """
    INSERT INTO audit_events (id, occurred_at_utc, action, outcome, actor_id, actor, channel, source, address,
                              address_digest, request_id, client_id, object_type, object_id, details)
    VALUES (%(audit_id)s, coalesce(%(audit_as_of)s, now()), %(audit_action)s, %(audit_outcome)s, %(audit_actor_id)s,
            %(audit_actor)s, %(audit_channel)s, %(audit_source)s, %(audit_address)s,
            %(audit_address_digest)s, %(audit_request_id)s,
            %(audit_client_id)s, %(audit_object_type)s, %(audit_object_id)s, %(audit_details)s::jsonb)
"""
"""For purchases, which send it with their last statement to save a round trip. All else calls `audit_record`."""


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
    """Records an act and returns the event's id.

    `as_of` None means the transaction's time. `obj` is the row acted on, or its kind and id. Pass `actor` only if the
    origin (homeshield/lib/origin.py) does not know it, as at sign-in.

    `details` holds counts, amounts, codes, ids and instants, never personal data or typed text. A float raises
    TypeError: it has no single notation.
    """
    parameters = audit_parameters(
        action=action, as_of=as_of, obj=obj, client_id=client_id, outcome=outcome, details=details, actor=actor
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORDING, parameters)
    event_id: UUID = parameters["audit_id"]
    return event_id


def audit_seen(*, obj: models.Model | tuple[str, object], client_id: UUID | None, as_of: datetime) -> None:
    """Records that the actor saw the personal data of `obj`, once per actor, object and clock hour (UTC).

    audit_event_seen_once_an_hour settles races. Call it before sending the data, so that no view goes unrecorded.
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
    """Returns the parameters of RECORDING. Arguments as for `audit_record`."""
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
        "audit_address_digest": address_digest(now.address),
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
    """Each value has exactly one JSON form."""
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
