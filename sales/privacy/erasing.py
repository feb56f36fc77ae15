"""Erases the leads of an opt-out, as the owner of the tables."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from inventory.withholding.locking import persons_lock
from leads.models import OptOut
from leads.opt_outs.models import OptOutState
from sales.privacy.carrying_out import common_among, leads_erase, leads_of


def opt_out_erase_now(*, opt_out_id: UUID, as_of: datetime) -> int:
    """Erases the leads of an opt-out in force whose person asked for it, once. Returns how many it erased.

    Only the owner of the tables may (the worker, a command).
    """
    with transaction.atomic():
        persons_lock()
        one = OptOut.objects.select_for_update().get(id=opt_out_id)
        if not one.wants_erasure or one.erased_at_utc or one.state != OptOutState.IN_FORCE or common_among([one.key]):
            return 0
        erased = leads_erase([lead for lead, _ in leads_of([one.key])], as_of=as_of)
        one.erased_at_utc = as_of
        one.save(update_fields=["erased_at_utc"])
        audit_record(action=AuditAction.ERASE, obj=one, details={"leads": erased}, as_of=as_of)
        return erased
