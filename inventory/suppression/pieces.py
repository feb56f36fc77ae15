"""One piece after the other: entries come into effect, or are taken out of it, and what they exclude follows.

Each piece is one short transaction. It locks persons, the list, and then the client's row: an order of the client that
has picked one of the leads comes first, and the next one sees the pairs (docs/architecture.md, "Order of locks").
What it finds out before it has the client's row may not change meanwhile, for all that is about keys needs the lock of
persons.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from homeshield.accounts.models import Client
from inventory.suppression import statements
from inventory.suppression.models import (
    PIECE,
    ListStatus,
    SuppressionList,
    SuppressionPiece,
    SuppressionUpload,
    UploadState,
)
from inventory.withholding.locking import persons_lock


def list_step(*, list_id: UUID, as_of: datetime) -> bool:
    """Does the next piece of what is to be done for a list. Returns whether there may be more.

    Whoever calls it, and however often: each piece is done once.
    """
    with transaction.atomic():
        persons_lock()
        found = SuppressionList.objects.select_for_update(no_key=True).filter(id=list_id).first()
        if found is None:
            return False
        if found.is_leaving:
            return _sweep(found, None, as_of)
        upload = found.uploads.filter(state=UploadState.WAITING).order_by("confirmed_at_utc", "id").first()
        if upload is None:
            return False
        piece = upload.pieces.order_by("number").first()
        if piece is not None:
            _add(found, upload, piece, as_of)
            return True
        if upload.replaces and _sweep(found, upload.generation, as_of):
            return True
        SuppressionUpload.objects.filter(id=upload.id).update(state=UploadState.DONE, finished_at_utc=as_of)
        return True


def _add(found: SuppressionList, upload: SuppressionUpload, piece: SuppressionPiece, as_of: datetime) -> None:
    named: dict[str, Any] = {
        "list": found.id, "client": found.client_id, "generation": upload.generation, "keys": piece.keys,
        "as_of": as_of,
    }  # fmt: skip
    matched = _rows(statements.MATCH, named)
    touched = _rows(statements.ADD, named)
    added = sum(is_new for (is_new,) in touched)
    if matched:
        _lock_client(found.client_id)
        _rows(statements.EXCLUDE, named | {"leads": [lead for lead, _ in matched]}, answers=False)
    SuppressionUpload.objects.filter(id=upload.id).update(
        done=F("done") + len(piece.keys), added=F("added") + added,
        matched=F("matched") + sum(on_sale for _, on_sale in matched),
    )  # fmt: skip
    SuppressionList.objects.filter(id=found.id).update(entries=F("entries") + added, progressed_at_utc=as_of)
    SuppressionPiece.objects.filter(upload=upload, number=piece.number).delete()


def _sweep(found: SuppressionList, below: int | None, as_of: datetime) -> bool:
    """Takes the next entries away, those of earlier generations than `below` or all. Returns False where none is left;
    a list that leaves is over then."""
    named: dict[str, Any] = {
        "list": found.id, "client": found.client_id, "after": found.swept_through, "piece": PIECE,
    }  # fmt: skip
    looked_at = _rows(statements.NEXT, named)
    if not looked_at:
        _swept(found, as_of)
        return False
    gone = [key for key, generation in looked_at if below is None or generation < below]
    if gone:
        _take(named | {"keys": gone}, found.client_id)
    SuppressionList.objects.filter(id=found.id).update(
        entries=F("entries") - len(gone), swept_through=looked_at[-1][0], progressed_at_utc=as_of
    )
    return True


def _take(named: dict[str, Any], client_id: UUID) -> None:
    _rows(statements.TAKE, named, answers=False)
    admitted = [lead for (lead,) in _rows(statements.UNMATCH, named)]
    if admitted:
        _lock_client(client_id)
        for statement in (statements.ADMIT_OWNED, statements.ADMIT):
            _rows(statement, named | {"leads": admitted}, answers=False)


def _swept(found: SuppressionList, as_of: datetime) -> None:
    changed: dict[str, Any] = {"swept_through": None}
    if found.is_leaving:
        over = ListStatus.ENDED if found.status == ListStatus.ENDING else ListStatus.REMOVED
        changed |= {"status": over, "over_at_utc": as_of}
    SuppressionList.objects.filter(id=found.id).update(**changed)


def _lock_client(client_id: UUID) -> None:
    """Waits for the client's orders in flight, and holds new ones until the piece is committed."""
    Client.objects.select_for_update(no_key=True).only("id").get(id=client_id)


def _rows(statement: str, named: dict[str, Any], *, answers: bool = True) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        found: list[tuple[Any, ...]] = cursor.fetchall() if answers else []
        return found
