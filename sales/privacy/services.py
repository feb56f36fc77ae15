"""Opt-outs of one person: asked for on the public page, confirmed, carried out or decided by staff.

Lists are in list_import.py. Both do the same to leads and buyers (carrying_out.py).
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import Details, audit_record
from homeshield.lib.viewer import STAFF, seen_by
from inventory.withholding.locking import persons_lock
from leads.contact_key_check import contact_key_confirm
from leads.models import OptOut
from leads.opt_outs.models import DECIDED, OptOutKind, OptOutState
from sales.privacy.carrying_out import CarriedOut, common_among, leads_of, opt_outs_carry_out
from sales.privacy.deadlines import due_on
from sales.privacy.errors import OptOutDecided
from sales.privacy.tasks import notices_mail, opt_out_erase


def opt_out_request(*, key: UUID, wants_erasure: bool, needs_code: bool, as_of: datetime) -> OptOut:
    """Notes that somebody asked on the public page. Nothing is done yet: a code or staff must confirm it.

    A second request that asks the same for the same number is the first one again. Raises ContactKeyChanged.
    """
    state = OptOutState.UNCONFIRMED if needs_code else OptOutState.WAITING
    with transaction.atomic():
        contact_key_confirm()
        opt_out = _entry(key=key, kind=OptOutKind.PAGE, state=state, wants_erasure=wants_erasure, as_of=as_of)
        if opt_out.state == OptOutState.UNCONFIRMED and not needs_code:  # there was a sender of codes, and is none now
            opt_out.state = OptOutState.WAITING
            opt_out.save(update_fields=["state"])
        audit_record(action=AuditAction.OPT_OUT, obj=opt_out, details={"state": opt_out.state}, as_of=as_of)
        return opt_out


def opt_out_unsent(*, opt_out_id: UUID, as_of: datetime) -> None:
    """Leaves a request to staff whose code could not be sent."""
    with transaction.atomic():
        one = OptOut.objects.select_for_update().get(id=opt_out_id)
        if one.state == OptOutState.UNCONFIRMED:
            one.state = OptOutState.WAITING
            one.save(update_fields=["state"])
            audit_record(action=AuditAction.OPT_OUT, obj=one, details={"state": one.state}, as_of=as_of)


def opt_out(*, key: UUID, kind: OptOutKind, wants_erasure: bool, as_of: datetime, by_id: UUID | None = None) -> OptOut:
    """Takes a person out of sale, in one transaction: leads, register, notices to buyers, and the tasks that mail them
    and erase. Where the key is nobody's, the row waits for staff instead.

    A second time it is the same row, and the leads that have come since go as well.
    `by_id` is the user of staff (None: the person). Raises ContactKeyChanged.
    """
    with seen_by(STAFF), transaction.atomic():
        contact_key_confirm()
        persons_lock()
        one = _entry(key=key, kind=kind, state=OptOutState.WAITING, wants_erasure=wants_erasure, as_of=as_of)
        if common_among([key]):
            if one.state == OptOutState.UNCONFIRMED:  # its code was right just now
                one.state = OptOutState.WAITING
                one.save(update_fields=["state"])
            audit_record(action=AuditAction.OPT_OUT, obj=one, details={"state": one.state}, as_of=as_of)
            return one
        return _put_in_force(one, by_id=by_id, as_of=as_of)


def opt_out_decide(*, opt_out_id: UUID, accept: bool, by_id: UUID | None, as_of: datetime) -> OptOut:
    """Carries out an opt-out that waits, or declines it. For a key that is nobody's nothing is erased: several people
    share the number. Raises OptOutDecided."""
    with seen_by(STAFF), transaction.atomic():
        persons_lock()
        one = OptOut.objects.select_for_update().get(id=opt_out_id)
        if one.state in DECIDED:
            raise OptOutDecided
        if accept:
            return _put_in_force(one, by_id=by_id, erase=not common_among([one.key]), as_of=as_of)
        one.state, one.done_at_utc = OptOutState.DECLINED, as_of
        one.save(update_fields=["state", "done_at_utc"])
        audit_record(action=AuditAction.OPT_OUT, obj=one, details={"state": one.state}, as_of=as_of)
        return one


def _entry(*, key: UUID, kind: OptOutKind, state: OptOutState, wants_erasure: bool, as_of: datetime) -> OptOut:
    """The row of this key, kind and wish that was not declined, locked; a new one where there is none."""
    live = OptOut.objects.exclude(state=OptOutState.DECLINED)
    OptOut.objects.bulk_create(
        [
            OptOut(
                key=key, kind=kind, state=state, wants_erasure=wants_erasure, received_at_utc=as_of,
                due_on=due_on(kind, received_at=as_of),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return live.select_for_update().get(key=key, kind=kind, wants_erasure=wants_erasure)


def _put_in_force(one: OptOut, *, as_of: datetime, by_id: UUID | None = None, erase: bool = True) -> OptOut:
    erasure = one.wants_erasure and erase
    found = leads_of([one.key])
    done = opt_outs_carry_out(
        found, {one.key: one.id}, wants_erasure=erasure, note=f"Opt-out {one.id}", by_id=by_id, as_of=as_of
    )
    if one.state not in DECIDED:
        one.state, one.done_at_utc, one.leads = OptOutState.IN_FORCE, as_of, len(found)
        one.save(update_fields=["state", "done_at_utc", "leads"])
    tasks_enqueue(done)
    if erasure and (found or one.erased_at_utc is None):  # found by their keys: not erased yet
        if one.erased_at_utc is not None:
            one.erase_again = True  # if the task fails, the scheduler gives it again
            one.save(update_fields=["erase_again"])
        opt_out_erase.enqueue(str(one.id))
    details: Details = {
        "state": one.state, "leads": len(done.withdrawn), "clients_told": len(done.told), "erasure": erasure,
    }  # fmt: skip
    audit_record(action=AuditAction.OPT_OUT, obj=one, details=details, as_of=as_of)
    return one


def tasks_enqueue(done: CarriedOut) -> None:
    """Leaves the mails to the worker, in the transaction of the notices."""
    for client_id in done.told:
        notices_mail.enqueue(str(client_id))
