"""What the scheduler does for suppression lists, and comparing what they exclude with what they hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from inventory.suppression import statements
from inventory.suppression.models import LEAVING, ListStatus, SuppressionList, SuppressionUpload, UploadState
from inventory.suppression.services import list_leave, uploads_forget
from inventory.suppression.tasks import list_go_on

STANDS_STILL = timedelta(minutes=2)
"""After so long without a piece somebody has to look: the worker died, or it waits for its turn."""

UNCONFIRMED = timedelta(days=1)
"""For how long an upload waits to be confirmed."""


def lists_upkeep(*, as_of: datetime) -> None:
    """Ends lists whose last day is over, goes on with lists that stand still, and forgets uploads that nobody wanted.

    Each list in its own transaction.
    """
    for list_id in _due(as_of):
        _end(list_id, as_of)
    for list_id in _still(as_of):
        with transaction.atomic():
            # Said once in a while, however long the queue is.
            SuppressionList.objects.filter(id=list_id).update(progressed_at_utc=as_of)
            list_go_on.enqueue(str(list_id))
    unwanted = SuppressionUpload.objects.filter(
        state=UploadState.RECEIVED, received_at_utc__lt=as_of - UNCONFIRMED
    ).select_for_update(skip_locked=True)
    with transaction.atomic():
        uploads_forget(unwanted, as_of=as_of)


def _due(as_of: datetime) -> list[UUID]:
    found = SuppressionList.objects.filter(status=ListStatus.ACTIVE, ends_on__lt=as_of.date())
    return list(found.order_by().values_list("id", flat=True))


def _end(list_id: UUID, as_of: datetime) -> None:
    with transaction.atomic():
        found = (
            SuppressionList.objects.select_for_update(no_key=True)
            .filter(id=list_id, status=ListStatus.ACTIVE, ends_on__lt=as_of.date())
            .first()
        )
        if found is None:  # it was changed meanwhile
            return
        list_leave(found, ListStatus.ENDING, as_of=as_of)
        audit_record(
            action=AuditAction.SUPPRESSION_END, obj=found, client_id=found.client_id,
            details={"entries": found.entries}, as_of=as_of,
        )  # fmt: skip


def _still(as_of: datetime) -> list[UUID]:
    waiting = SuppressionUpload.objects.filter(list=OuterRef("id"), state=UploadState.WAITING)
    found = SuppressionList.objects.filter(
        Q(status__in=LEAVING) | Q(Exists(waiting), status=ListStatus.ACTIVE),
        progressed_at_utc__lt=as_of - STANDS_STILL,
    )
    return list(found.order_by().values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class ListedDifference:
    """A lead that a list names and the client may be sold, or the other way around."""

    lead_id: UUID
    client_id: UUID
    listed: bool
    """Whether a list of the client names it."""


def listed_compare() -> list[ListedDifference]:
    """Compares all pairs with the entries of all lists. Reads everything, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statements.COMPARE)
        return [ListedDifference(*row) for row in cursor.fetchall()]
