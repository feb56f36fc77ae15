"""Verifies the chain.

Both tables are append-only, so batches agree without a long snapshot, which would slow every order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from homeshield.audit.actions import AuditAction
from homeshield.audit.addresses import address_digest
from homeshield.audit.chain import BEGINNING, EVENT_COLUMNS, EVENT_SQL, Head, seal_hash

BATCH = 5_000

_ACTION = EVENT_COLUMNS.index("action")

FAULTS_KEPT = 20
"""A replaced chain has a fault in every row."""


@dataclass(slots=True)
class Verdict:
    """`head` is the end of the chain, `waiting` counts unsealed events, `seen` sealed views of personal data."""

    head: Head = BEGINNING
    seals: int = 0
    seen: int = 0
    waiting: int = 0
    faults: list[str] = field(default_factory=list)
    more_faults: int = 0

    @property
    def holds(self) -> bool:
        return not self.faults

    def blame(self, fault: str) -> None:
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(fault)
        else:
            self.more_faults += 1


class _Link(NamedTuple):
    """A seal and its event, which is all None if missing."""

    sequence: int
    event_id: Any
    sealed_at_utc: datetime
    previous_hash: bytes
    hash: bytes
    address: str | None
    address_digest: str | None
    event: Sequence[Any]


def audit_verify(*, expected: Head | None = None) -> Verdict:
    """Verifies the whole chain. `expected` is a head kept elsewhere.

    Finds changed, deleted and forged events and seals; with `expected` also a cut-off or rebuilt chain.
    """
    verdict = Verdict()
    for link in _links():
        _check(link, verdict)
        if expected and link.sequence == expected.sequence and link.hash != expected.hash:
            verdict.blame(
                f"The hash of seal {link.sequence} is {link.hash.hex()}, and not that of the head that was kept: the "
                "chain was made anew, at this place or before."
            )
        verdict.head = Head(link.sequence, link.hash)
        verdict.seals += 1
        verdict.seen += link.event[_ACTION] == AuditAction.PERSONAL_DATA_SEE
    if expected and expected.sequence > verdict.head.sequence:
        verdict.blame(
            f"The chain ends at {verdict.head.sequence}, before the head that was kept ({expected.sequence}): its end "
            "was cut off."
        )
    _check_unsealed(verdict)
    return verdict


def _check(link: _Link, verdict: Verdict) -> None:
    before = verdict.head
    if link.sequence != before.sequence + 1:
        verdict.blame(
            f"Seals {before.sequence + 1} to {link.sequence - 1} are missing."
            if link.sequence - before.sequence > 2
            else f"Seal {before.sequence + 1} is missing."
        )
    elif link.previous_hash != before.hash:
        verdict.blame(
            f"Seal {link.sequence} does not follow on seal {before.sequence}: one of the two was changed or exchanged."
        )
    if link.event[0] is None:
        verdict.blame(f"Event {link.event_id}, of seal {link.sequence}, is missing.")
        return
    computed = seal_hash(
        link.event, sequence=link.sequence, sealed_at_utc=link.sealed_at_utc, previous=link.previous_hash
    )
    if computed != link.hash:
        verdict.blame(f"Event {link.event_id} is not what seal {link.sequence} covers: one of the two was changed.")
    elif link.address and link.address_digest and address_digest(link.address) != link.address_digest:
        verdict.blame(f"The address of event {link.event_id} is not that of its digest: it was changed.")


def _links() -> Iterator[_Link]:
    after = BEGINNING.sequence
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT seal.sequence, seal.event_id, seal.sealed_at_utc, seal.previous_hash, seal.hash,
                       host(event.address), event.address_digest, {EVENT_SQL}
                FROM audit_seals seal LEFT JOIN audit_events event ON event.id = seal.event_id
                WHERE seal.sequence > %s ORDER BY seal.sequence LIMIT %s
                """,  # noqa: S608 - our own columns
                [after, BATCH],
            )
            rows = cursor.fetchall()
        for sequence, event_id, sealed_at_utc, previous_hash, digest, address, kept, *event in rows:
            yield _Link(sequence, event_id, sealed_at_utc, bytes(previous_hash), bytes(digest), address, kept, event)
        if len(rows) < BATCH:
            return
        after = rows[-1][0]


def _check_unsealed(verdict: Verdict) -> None:
    """An event without a seal must be queued. Each check is one statement, because the sealer moves events
    meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT event.id, count(*) OVER () FROM audit_events event
            WHERE NOT EXISTS (SELECT FROM audit_seals seal WHERE seal.event_id = event.id)
              AND NOT EXISTS (SELECT FROM audit_unsealed waiting WHERE waiting.event_id = event.id)
            ORDER BY event.id LIMIT %s
            """,
            [FAULTS_KEPT],
        )
        strays = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM audit_unsealed")
        (verdict.waiting,) = cursor.fetchone()
    for event_id, _ in strays:
        verdict.blame(f"Event {event_id} has no seal and waits for none: its seal was taken away, or itself put in.")
    verdict.more_faults += strays[0][1] - len(strays) if strays else 0
