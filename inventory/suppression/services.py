"""Suppression lists: what a client does with them. What follows from it, a worker does piece by piece (pieces.py)."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.errors import refused_by_database
from inventory.suppression.errors import (
    MOST_LISTS,
    EndsInThePast,
    ListFull,
    ListNameTaken,
    ListNotFound,
    ListOver,
    TooManyLists,
    UploadGone,
)
from inventory.suppression.models import (
    LEAVING,
    MOST_ENTRIES,
    OVER,
    PIECE,
    ListStatus,
    SuppressionList,
    SuppressionPiece,
    SuppressionUpload,
    UploadState,
)
from inventory.suppression.recognition import Recognised
from inventory.suppression.tasks import list_go_on
from leads.contact_key_check import contact_key_confirm

_NAME_ONCE = ("suppression_list_name_once",)


def list_create(
    *, client_id: UUID, name: str, user: User | None, as_of: datetime, api_key_id: UUID | None = None
) -> SuppressionList:
    """Starts a list without entries. Raises ListNameTaken, TooManyLists."""
    with transaction.atomic():
        if SuppressionList.objects.filter(client_id=client_id).exclude(status__in=OVER).count() >= MOST_LISTS:
            raise TooManyLists
        with refused_by_database(_NAME_ONCE, ListNameTaken()):
            made = SuppressionList.objects.create(
                client_id=client_id, name=name, created_at_utc=as_of, created_by=user, api_key_id=api_key_id,
                progressed_at_utc=as_of,
            )  # fmt: skip
        audit_record(action=AuditAction.SUPPRESSION_START, obj=made, client_id=client_id, as_of=as_of)
        return made


def upload_receive(
    *, of: SuppressionList, recognised: Recognised, replaces: bool, user: User | None, as_of: datetime
) -> SuppressionUpload:
    """Keeps the keys of what was sent. They count once the upload is confirmed. Raises ListOver, ContactKeyChanged."""
    with transaction.atomic():
        contact_key_confirm()
        _check_active(of)
        upload = SuppressionUpload(
            list=of, client_id=of.client_id, replaces=replaces, layout=recognised.told[:200],
            valid=recognised.valid, invalid=recognised.invalid, duplicates=0,
            invalid_lines=[list(line) for line in recognised.invalid_lines], received_at_utc=as_of, sent_by=user,
        )  # fmt: skip
        pieces = list(recognised.keys.pieces(PIECE))
        upload.duplicates = upload.valid - sum(map(len, pieces))
        upload.save(force_insert=True)
        for number, keys in enumerate(pieces, 1):
            SuppressionPiece.objects.create(upload=upload, client_id=of.client_id, number=number, keys=keys)
        return upload


def upload_confirm(*, client_id: UUID, upload_id: UUID, as_of: datetime) -> SuppressionUpload:
    """From now on its entries come into effect, piece by piece. Raises UploadGone, ListOver, ListFull."""
    with transaction.atomic():
        upload = upload_get(client_id=client_id, upload_id=upload_id)
        of = _locked(client_id, upload.list_id)
        upload = upload_get(client_id=client_id, upload_id=upload_id, locked=True)  # upkeep may be forgetting it
        _check_active(of)
        if _size(of, upload) > MOST_ENTRIES:
            raise ListFull
        if upload.replaces:
            of.generation += 1
        upload.state, upload.generation, upload.confirmed_at_utc = UploadState.WAITING, of.generation, as_of
        upload.save(update_fields=["state", "generation", "confirmed_at_utc"])
        of.progressed_at_utc = as_of
        of.save(update_fields=["generation", "progressed_at_utc"])
        audit_record(
            action=AuditAction.SUPPRESSION_UPLOAD,
            obj=of,
            client_id=client_id,
            details={"upload": upload.id, "entries": upload.unique, "replaces": upload.replaces},
            as_of=as_of,
        )
        list_go_on.enqueue(str(of.id))
        return upload


def _size(of: SuppressionList, upload: SuppressionUpload) -> int:
    """How many entries there may be once this upload and those before it are done."""
    if upload.replaces:
        return upload.unique
    waiting = of.uploads.filter(state=UploadState.WAITING).aggregate(left=Sum(F("valid") - F("duplicates") - F("done")))
    return of.entries + (waiting["left"] or 0) + upload.unique


def upload_discard(*, client_id: UUID, upload_id: UUID, as_of: datetime) -> SuppressionUpload:
    """Forgets an upload that was not confirmed; and its list, where that never had another. Raises UploadGone."""
    with transaction.atomic():
        upload = upload_get(client_id=client_id, upload_id=upload_id)
        of = _locked(client_id, upload.list_id)
        uploads_forget(of.uploads.filter(id=upload.id, state=UploadState.RECEIVED), as_of=as_of)
        if of.status == ListStatus.ACTIVE and not of.uploads.exclude(state=UploadState.DISCARDED).exists():
            list_leave(of, ListStatus.REMOVING, as_of=as_of)
        return upload


def list_change(*, client_id: UUID, list_id: UUID, name: str, ends_on: date | None, as_of: datetime) -> SuppressionList:
    """Renames a list, and says until which day (UTC) it counts. Raises ListNotFound, ListOver, ListNameTaken,
    EndsInThePast."""
    with transaction.atomic():
        of = _locked(client_id, list_id)
        _check_active(of)
        if ends_on is not None and ends_on != of.ends_on and ends_on < as_of.date():
            raise EndsInThePast
        of.name, of.ends_on = name, ends_on
        with refused_by_database(_NAME_ONCE, ListNameTaken()):
            of.save(update_fields=["name", "ends_on"])
        audit_record(
            action=AuditAction.SUPPRESSION_CHANGE, obj=of, client_id=client_id, details={"ends_on": ends_on},
            as_of=as_of,
        )  # fmt: skip
        return of


def list_remove(*, client_id: UUID, list_id: UUID, as_of: datetime) -> SuppressionList:
    """Takes a list away, piece by piece. A list that is being removed stays so. Raises ListNotFound."""
    with transaction.atomic():
        of = _locked(client_id, list_id)
        if of.status not in (ListStatus.REMOVING, ListStatus.REMOVED):
            list_leave(of, ListStatus.REMOVING, as_of=as_of)
            audit_record(
                action=AuditAction.SUPPRESSION_REMOVE, obj=of, client_id=client_id, details={"entries": of.entries},
                as_of=as_of,
            )  # fmt: skip
        return of


def list_leave(of: SuppressionList, status: ListStatus, *, as_of: datetime) -> None:
    """Begins to take the entries of a locked list away, and forgets what waits for it."""
    uploads_forget(of.uploads.filter(state__in=(UploadState.RECEIVED, UploadState.WAITING)), as_of=as_of)
    of.status, of.swept_through, of.progressed_at_utc = status, None, as_of
    SuppressionList.objects.filter(id=of.id).update(
        status=status, swept_through=None, progressed_at_utc=as_of
    )  # an ended list that is removed is over until the worker has looked at it
    list_go_on.enqueue(str(of.id))


def uploads_forget(uploads: QuerySet[SuppressionUpload], *, as_of: datetime) -> int:
    """Removes the keys of uploads that do not count yet, and marks them. Returns how many."""
    ids = list(uploads.values_list("id", flat=True))
    SuppressionPiece.objects.filter(upload_id__in=ids).delete()
    return SuppressionUpload.objects.filter(id__in=ids).update(state=UploadState.DISCARDED, finished_at_utc=as_of)


def list_get(*, client_id: UUID, list_id: UUID) -> SuppressionList:
    """A list of the client's that was not removed. Raises ListNotFound."""
    found = SuppressionList.objects.filter(id=list_id, client_id=client_id).exclude(status=ListStatus.REMOVED).first()
    if found is None:
        raise ListNotFound
    return found


def upload_get(*, client_id: UUID, upload_id: UUID, locked: bool = False) -> SuppressionUpload:
    """An upload of the client's that waits for a word. Raises UploadGone."""
    uploads = SuppressionUpload.objects.select_for_update() if locked else SuppressionUpload.objects.all()
    found = uploads.filter(id=upload_id, client_id=client_id, state=UploadState.RECEIVED).first()
    if found is None:
        raise UploadGone
    return found


def _locked(client_id: UUID, list_id: UUID) -> SuppressionList:
    found = (
        SuppressionList.objects.select_for_update(no_key=True)
        .filter(id=list_id, client_id=client_id)
        .exclude(status=ListStatus.REMOVED)
        .first()
    )
    if found is None:
        raise ListNotFound
    return found


def _check_active(of: SuppressionList) -> None:
    if of.status in LEAVING or of.status in OVER:
        raise ListOver
