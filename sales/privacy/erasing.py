"""Erases the leads of an opt-out, as the owner of the tables."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from inventory.withholding.locking import persons_lock
from inventory.withholding.models import CommonKey
from leads.models import OptOut
from leads.opt_outs.models import OptOutState
from sales.privacy.carrying_out import common_among, leads_erase, leads_of

_OF_A_COMMON_KEY = Exists(CommonKey.objects.filter(key=OuterRef("key")))
"""What asks for an erasure with such a key waits for nothing: it is not erased."""


def erasures_pending() -> QuerySet[OptOut]:
    """Opt-outs whose erasure was not done yet."""
    return OptOut.objects.still_to_erase().exclude(_OF_A_COMMON_KEY)


def erasures_left(*, before: datetime, limit: int) -> set[UUID]:
    """Opt-outs in force since before that instant with leads to erase, also those that came after the erasure."""
    left = OptOut.objects.with_leads_to_erase().exclude(_OF_A_COMMON_KEY).filter(done_at_utc__lt=before)
    return set(left.order_by().values_list("id", flat=True)[:limit])


def opt_out_erase_now(*, opt_out_id: UUID, as_of: datetime) -> int:
    """Erases the leads of an opt-out in force whose person asked for it, each once. Returns how many it erased.

    A second time it erases what has come since: a load may have begun before the opt-out. Leads of a key that is common
    by now stay (contract, "Person"). Only the owner of the tables may (the worker, a command).
    """
    with transaction.atomic():
        persons_lock()
        one = OptOut.objects.select_for_update().get(id=opt_out_id)
        if not one.wants_erasure or one.state != OptOutState.IN_FORCE or common_among([one.key]):
            return 0
        erased = leads_erase([lead for lead, _ in leads_of([one.key])], as_of=as_of)
        is_first = one.erased_at_utc is None
        one.erased_at_utc, one.erase_again = one.erased_at_utc or as_of, False
        one.save(update_fields=["erased_at_utc", "erase_again"])
        if not is_first and not erased:
            return 0
        audit_record(action=AuditAction.ERASE, obj=one, details={"leads": erased}, as_of=as_of)
        return erased
