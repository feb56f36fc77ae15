"""Erases the leads of an opt-out, as the owner of the tables."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from inventory.withholding.locking import persons_lock
from inventory.withholding.models import CommonKey
from leads.models import OptOut
from leads.opt_outs.models import OptOutState
from sales.privacy.carrying_out import common_among, leads_erase, leads_of

_LATE = """
    SELECT DISTINCT opt_outs.id
    FROM withdrawals
    JOIN withdrawn_leads ON withdrawn_leads.withdrawal_id = withdrawals.id
    JOIN leads lead ON lead.id = withdrawn_leads.lead_id AND lead.erased_at_utc IS NULL
    CROSS JOIN LATERAL (VALUES (lead.phone_key), (lead.call_in_key)) AS borne (key)
    JOIN opt_outs ON opt_outs.key = borne.key AND opt_outs.state = 'in_force' AND opt_outs.wants_erasure
    WHERE withdrawals.reason = 'erased' AND withdrawals.withdrawn_at_utc < %(before)s
      AND NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = borne.key)
    LIMIT %(limit)s
"""
"""It begins with leads that were withdrawn to be erased, not with the register, which has millions of keys of DROP."""


def erasures_pending() -> QuerySet[OptOut]:
    """Opt-outs whose erasure was not done yet. Those of a key that is common wait for nothing: it is not erased."""
    return OptOut.objects.still_to_erase().exclude(Exists(CommonKey.objects.filter(key=OuterRef("key"))))


def erasures_left(*, before: datetime, limit: int) -> set[UUID]:
    """Opt-outs in force since before that instant with leads to erase, also those that came after the erasure."""
    pending = erasures_pending().filter(done_at_utc__lt=before).values_list("id", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"before": before, "limit": limit})
        late = {opt_out_id for (opt_out_id,) in cursor.fetchall()}
    return late | set(pending.order_by()[:limit])


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
        if one.erased_at_utc is None:
            one.erased_at_utc = as_of
            one.save(update_fields=["erased_at_utc"])
        elif not erased:
            return 0
        audit_record(action=AuditAction.ERASE, obj=one, details={"leads": erased}, as_of=as_of)
        return erased
