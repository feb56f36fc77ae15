"""Adds new events to the chain.

Recording must not make acts wait for each other, so one sealer at a time (an advisory lock) chains committed events
later. The chain is in sealing order; each event carries its own instant.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.audit.chain import BEGINNING, EVENT_SQL, Head, Seal, chain

BATCH = 2_000
"""Events per transaction, about 50 ms."""

LOCK = int.from_bytes(b"audit")
"""The advisory lock that a sealer holds until commit."""

logger = structlog.get_logger(__name__)


def audit_seal(*, as_of: datetime) -> int:
    """Seals all committed events and returns how many. `as_of` is the present.

    Parallel runs take turns. The logged head makes the log a witness.
    """
    sealed = 0
    while batch := _batch(as_of):
        sealed += len(batch)
        if len(batch) < BATCH:
            break
    if sealed:
        logger.info("audit sealed", events=sealed, head=str(audit_head()))
    return sealed


def audit_head() -> Head:
    """Returns the end of the chain."""
    with connection.cursor() as cursor:
        return _head(cursor)


def _head(cursor: CursorWrapper) -> Head:
    cursor.execute("SELECT sequence, hash FROM audit_seals ORDER BY sequence DESC LIMIT 1")
    row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else BEGINNING


def _batch(as_of: datetime) -> list[Seal]:
    """Seals one batch. Statements after the lock see the previous sealer's commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        head = _head(cursor)
        seals = list(chain(_taken(cursor), after=head, sealed_at_utc=as_of))
        if seals:
            _insert(cursor, seals)
        return seals


def _taken(cursor: CursorWrapper) -> list[Sequence[Any]]:
    """Takes the oldest events off the queue (ids are time-ordered)."""
    cursor.execute(
        f"""
        WITH taken AS (
            DELETE FROM audit_unsealed WHERE event_id IN (
                SELECT event_id FROM audit_unsealed ORDER BY event_id LIMIT %s
            ) RETURNING event_id
        )
        SELECT {EVENT_SQL} FROM taken JOIN audit_events event ON event.id = taken.event_id
        WHERE NOT EXISTS (SELECT FROM audit_seals seal WHERE seal.event_id = event.id)
        ORDER BY event.id
        """,  # noqa: S608 - our own columns
        [BATCH],
    )
    taken: list[Sequence[Any]] = cursor.fetchall()
    return taken


def _insert(cursor: CursorWrapper, seals: Sequence[Seal]) -> None:
    cursor.execute(
        """
        INSERT INTO audit_seals (sequence, event_id, sealed_at_utc, previous_hash, hash)
        SELECT sequence, event_id, %s, previous_hash, hash
        FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[], %s::bytea[])
                 AS seal (sequence, event_id, previous_hash, hash)
        """,
        [
            seals[0].sealed_at_utc,
            [seal.sequence for seal in seals],
            [seal.event_id for seal in seals],
            [seal.previous_hash for seal in seals],
            [seal.hash for seal in seals],
        ],
    )
