"""Notices to a client, read and confirmed by it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.keyset import Page, keyset_page
from sales.privacy.errors import NoticeNotFound
from sales.privacy.models import Notice


def notices_of(client_id: UUID) -> QuerySet[Notice]:
    return Notice.objects.filter(client_id=client_id)


def notices_page(
    *, client_id: UUID, confirmed: bool | None = None, cursor: str | None, limit: int = 50
) -> Page[Notice]:
    """The client's notices, the newest first: all, or only those that are confirmed or not. Raises BadCursor."""
    notices = notices_of(client_id).select_related("sale", "sale__order", "confirmed_by", "confirmed_with")
    if confirmed is not None:
        notices = notices.filter(confirmed_at_utc__isnull=not confirmed)
    return keyset_page(
        notices, by="told_at_utc", of=f"notices of {client_id}, {confirmed}", cursor=cursor, limit=limit,
        descending=True,
    )  # fmt: skip


def unconfirmed_count(client_id: UUID) -> int:
    """How many notices the client has still to confirm."""
    return notices_of(client_id).filter(confirmed_at_utc=None).count()


def notice_confirm(
    *, client_id: UUID, notice_id: UUID, user_id: UUID | None, api_key_id: UUID | None = None, as_of: datetime
) -> Notice:
    """Notes that the client did what the person asks for. A second time changes nothing.

    Raises NoticeNotFound, also for another client's notice.
    """
    with transaction.atomic():
        notices = notices_of(client_id).filter(id=notice_id)
        _confirm(notices, client_id=client_id, user_id=user_id, api_key_id=api_key_id, as_of=as_of)
        notice = notices.select_related("sale").first()
    if notice is None:
        raise NoticeNotFound
    return notice


def notices_confirm(*, client_id: UUID, told_until: datetime, user_id: UUID, as_of: datetime) -> int:
    """The same for all notices that came until an instant: those that the page showed or counted. Returns how many."""
    with transaction.atomic():
        notices = notices_of(client_id).filter(told_at_utc__lte=told_until)
        return _confirm(notices, client_id=client_id, user_id=user_id, api_key_id=None, as_of=as_of)


def _confirm(
    notices: QuerySet[Notice], *, client_id: UUID, user_id: UUID | None, api_key_id: UUID | None, as_of: datetime
) -> int:
    confirmed = notices.filter(confirmed_at_utc=None).update(
        confirmed_at_utc=as_of, confirmed_by_id=user_id, confirmed_with_id=api_key_id
    )
    if confirmed:
        audit_record(
            action=AuditAction.NOTICE_CONFIRM, client_id=client_id, details={"notices": confirmed}, as_of=as_of
        )
    return confirmed
