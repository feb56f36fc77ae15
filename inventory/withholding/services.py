"""Withdrawing leads, and taking that back (contract, "Withdrawal").

The database does what follows: its triggers withhold the leads, put the inquiry behind them on sale where there is one,
and keep every count exact (inventory/withholding/triggers.py).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import Detail, audit_record
from homeshield.lib.locks import tried_again
from homeshield.lib.sql_arrays import array_text
from inventory.withholding.errors import (
    LeadsNotFound,
    NothingToWithdraw,
    TakenBackAlready,
    WithdrawalNotFound,
    WithdrawalRefused,
    WithdrawnForEver,
)
from inventory.withholding.locking import persons_lock
from inventory.withholding.models import LONGEST_NOTE, Reason, Withdrawal, WithdrawalTakenBack, WithdrawnLead
from leads.models import Lead

ATTEMPTS = 5
"""How often a withdrawal is tried when the database breaks a deadlock with an order. It is rare and passes."""

OF_IDS = """
    SELECT id AS lead_id FROM leads WHERE id = ANY (%(ids)s::uuid[])
    UNION
    SELECT other_id FROM person_links WHERE %(whole_person)s AND lead_id = ANY (%(ids)s::uuid[])
"""
OF_LOAD = "SELECT id AS lead_id FROM leads WHERE load_id = %(load)s"
OF_KEYS = """
    SELECT id AS lead_id FROM leads WHERE phone_key = ANY (%(keys)s::uuid[])
    UNION
    SELECT id FROM leads WHERE call_in_key = ANY (%(keys)s::uuid[])
"""

WITHDRAW = """
    INSERT INTO withdrawn_leads (lead_id, withdrawal_id)
    SELECT lead_id, %(withdrawal)s FROM ({leads}) AS named
"""

WITHDRAW_EACH = """
    WITH given AS (
        SELECT * FROM unnest(%(leads)s::uuid[], %(withdrawals)s::uuid[], %(whole)s::boolean[])
                          AS given (lead_id, withdrawal_id, whole_person)
    )
    INSERT INTO withdrawn_leads (lead_id, withdrawal_id)
    SELECT lead_id, withdrawal_id FROM given
    UNION
    SELECT link.other_id, given.withdrawal_id
    FROM given JOIN person_links AS link ON link.lead_id = given.lead_id
    WHERE given.whole_person
"""
"""One statement for many withdrawals: what follows from it is worked out once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What a withdrawal did: its id, and how many leads it names."""

    withdrawal_id: UUID
    leads: int


def leads_withdraw(
    *,
    lead_ids: Iterable[UUID],
    reason: Reason | str,
    note: str,
    by_id: UUID | None,
    as_of: datetime,
    alone: bool = False,
) -> Withdrawn:
    """Takes leads out of sale at once, in every bucket. Sales that were made stay (contract, "Withdrawal").

    A reason that lies in the person withdraws all leads of the number with each: those that share a key which is not
    common; with `alone`, the named leads and no others. An order that holds one of the records comes first; its sale
    stays. `by_id` is the user (None: a command).

    Raises LeadsNotFound, and WithdrawalRefused whose field is "reason", "note" or "leads".
    """
    reason, ids = _reason(reason), sorted(set(lead_ids))
    if not ids:
        raise WithdrawalRefused(field="leads", reason="Name at least one lead.")

    def withdraw() -> Withdrawn:
        known = set(Lead.objects.filter(id__in=ids).values_list("id", flat=True))
        if missing := [lead for lead in ids if lead not in known]:
            raise LeadsNotFound(lead_ids=missing)
        parameters = {"ids": ids, "whole_person": reason.lies_in_the_person and not alone}
        return _withdraw(OF_IDS, parameters, reason=reason, note=note, by_id=by_id, as_of=as_of)

    return _in_turn(withdraw)


def leads_withdraw_each(
    reasons: Mapping[UUID, Reason], *, note: str, by_id: UUID | None, as_of: datetime
) -> dict[UUID, UUID]:
    """Takes each of these leads out of sale by a withdrawal of its own, so that each can be taken back by itself.
    Returns the withdrawals, by lead.

    To be called in a transaction that holds the lock of persons, with leads that exist.
    """
    if not reasons:
        return {}
    made = {
        lead: Withdrawal(reason=reason, note=_note(note), withdrawn_at_utc=as_of, withdrawn_by_id=by_id)
        for lead, reason in reasons.items()
    }
    Withdrawal.objects.bulk_create(made.values())
    parameters = {
        "leads": array_text(made),
        "withdrawals": array_text(one.id for one in made.values()),
        "whole": array_text(str(reason.lies_in_the_person).lower() for reason in reasons.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW_EACH, parameters)
    for reason, many in Counter(reasons.values()).items():
        details: dict[str, Detail] = {"reason": str(reason), "withdrawals": many}
        audit_record(action=AuditAction.WITHDRAWAL_MAKE, details=details, as_of=as_of)
    return {lead: withdrawal.id for lead, withdrawal in made.items()}


def load_withdraw(*, load_id: int, note: str, by_id: UUID | None, as_of: datetime) -> Withdrawn:
    """Takes all leads of a load out of sale, because the load was bad. The withdrawal names the load.

    Raises NothingToWithdraw where it has none, and WithdrawalRefused for a note that cannot be.
    """

    def withdraw() -> Withdrawn:
        return _withdraw(OF_LOAD, {"load": load_id}, reason=Reason.BAD_LOAD, note=note, by_id=by_id, as_of=as_of)

    return _in_turn(withdraw)


def keys_withdraw(
    *, keys: Iterable[UUID], reason: Reason | str, note: str, by_id: UUID | None, as_of: datetime
) -> Withdrawn | None:
    """Takes all leads that bear one of these keys of phone numbers out of sale; None where no lead does.

    Also by a key that is common: whether that is meant, the caller knows (contract, "Person").
    """
    wanted = sorted(set(keys))

    def withdraw() -> Withdrawn:
        return _withdraw(OF_KEYS, {"keys": wanted}, reason=_reason(reason), note=note, by_id=by_id, as_of=as_of)

    try:
        return _in_turn(withdraw)
    except NothingToWithdraw:
        return None


def withdrawal_take_back(*, withdrawal_id: UUID, note: str, by_id: UUID | None, as_of: datetime) -> WithdrawalTakenBack:
    """Puts the leads of a withdrawal on sale again, except those that something else withholds.

    A lead whose bucket ended meanwhile comes back in its present one. Raises WithdrawalNotFound, TakenBackAlready,
    WithdrawnForEver for an opt-out or an erasure, and WithdrawalRefused for a note that cannot be.
    """
    said = _note(note)

    def take_back() -> WithdrawalTakenBack:
        withdrawal = Withdrawal.objects.filter(id=withdrawal_id).first()
        if withdrawal is None:
            raise WithdrawalNotFound
        if Reason(withdrawal.reason).is_for_ever:
            raise WithdrawnForEver
        if WithdrawalTakenBack.objects.filter(withdrawal=withdrawal).exists():
            raise TakenBackAlready
        taken_back = WithdrawalTakenBack.objects.create(
            withdrawal=withdrawal, note=said, taken_back_at_utc=as_of, taken_back_by_id=by_id
        )
        leads = WithdrawnLead.objects.filter(withdrawal=withdrawal).count()
        details: dict[str, Detail] = {"reason": withdrawal.reason, "leads": leads}
        audit_record(action=AuditAction.WITHDRAWAL_TAKE_BACK, obj=withdrawal, details=details, as_of=as_of)
        return taken_back

    return _in_turn(take_back)


def _withdraw(
    leads: str, parameters: dict[str, Any], *, reason: Reason, note: str, by_id: UUID | None, as_of: datetime
) -> Withdrawn:
    withdrawal = Withdrawal.objects.create(
        reason=reason, note=_note(note), withdrawn_at_utc=as_of, withdrawn_by_id=by_id, load_id=parameters.get("load")
    )
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW.format(leads=leads), parameters | {"withdrawal": withdrawal.id})
        count: int = cursor.rowcount
    if not count:
        raise NothingToWithdraw
    details: dict[str, Detail] = {"reason": str(reason), "leads": count}
    if "load" in parameters:
        details["load"] = parameters["load"]
    audit_record(action=AuditAction.WITHDRAWAL_MAKE, obj=withdrawal, details=details, as_of=as_of)
    return Withdrawn(withdrawal_id=withdrawal.id, leads=count)


def _in_turn[Result](act: Callable[[], Result]) -> Result:
    """In a transaction, under the lock of persons."""

    def under_the_lock() -> Result:
        with transaction.atomic():
            persons_lock()
            return act()

    return tried_again(under_the_lock, tries=ATTEMPTS)


def _reason(reason: Reason | str) -> Reason:
    try:
        return Reason(reason)
    except ValueError:
        raise WithdrawalRefused(field="reason", reason=f"Choose a reason: {', '.join(Reason.values)}.") from None


def _note(note: str) -> str:
    note = note.strip()
    if not note:
        raise WithdrawalRefused(field="note", reason="Say why: whoever reads this in a year will ask.")
    if len(note) > LONGEST_NOTE:
        raise WithdrawalRefused(field="note", reason=f"A note has {LONGEST_NOTE} characters at most.")
    return note
