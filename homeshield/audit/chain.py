r"""How the chain is computed: pure functions, so that an outsider can check an excerpt.

A seal's hash is the SHA-256 of one line of ASCII JSON: the object of `canonical`, sorted keys, no blanks, \uXXXX
escapes (RFC 8785 but for these). Instants are UTC with six decimals and a Z; hashes and ids are lower-case hexadecimal,
ids with hyphens. The first seal follows 32 zero bytes. Example: docs/audit.md.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple, Self

from homeshield.audit.errors import HeadUnreadable
from homeshield.lib.numbers import read_digits


class Head(NamedTuple):
    """The end of the chain. A copy kept elsewhere proves that nothing before it was changed."""

    sequence: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises HeadUnreadable."""
        sequence, _, digest = text.strip().partition(":")
        try:
            head = cls(read_digits(sequence), bytes.fromhex(digest))
        except ValueError:
            raise HeadUnreadable from None
        if len(head.hash) != len(BEGINNING.hash):
            raise HeadUnreadable
        return head


BEGINNING = Head(0, bytes(32))

EVENT_COLUMNS = (
    "id",
    "occurred_at_utc",
    "action",
    "outcome",
    "actor_id",
    "actor",
    "channel",
    "source",
    "address",
    "request_id",
    "client_id",
    "object_type",
    "object_id",
    "details",
)
"""A seal covers all of an event."""

ADDRESS_SQL = "coalesce(event.address_digest, host(event.address))"
"""The chain covers an address by its digest, so that the address can go. Events from before have none."""

EVENT_SQL = ", ".join(ADDRESS_SQL if name == "address" else f"event.{name}" for name in EVENT_COLUMNS)
"""The columns of `audit_events event` for `canonical`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    sequence: int
    event_id: Any
    sealed_at_utc: datetime
    previous_hash: bytes
    hash: bytes


def canonical(event: Sequence[Any], *, sequence: int, sealed_at_utc: datetime, previous: bytes) -> bytes:
    """Returns the line to hash, with the event's columns in EVENT_COLUMNS order."""
    *facts, details = event
    line: Mapping[str, object] = dict(zip(EVENT_COLUMNS, map(_plain, facts), strict=False)) | {
        "details": json.loads(details),
        "sequence": sequence,
        "sealed_at_utc": _plain(sealed_at_utc),
        "previous_hash": previous.hex(),
    }
    return json.dumps(line, sort_keys=True, separators=(",", ":")).encode("ascii")


def seal_hash(event: Sequence[Any], *, sequence: int, sealed_at_utc: datetime, previous: bytes) -> bytes:
    return sha256(canonical(event, sequence=sequence, sealed_at_utc=sealed_at_utc, previous=previous)).digest()


def chain(events: Iterable[Sequence[Any]], *, after: Head, sealed_at_utc: datetime) -> Iterator[Seal]:
    """Yields the events' seals, in order."""
    sequence, previous = after
    for event in events:
        sequence += 1
        digest = seal_hash(event, sequence=sequence, sealed_at_utc=sealed_at_utc, previous=previous)
        yield Seal(
            sequence=sequence, event_id=event[0], sealed_at_utc=sealed_at_utc, previous_hash=previous, hash=digest
        )
        previous = digest


def _plain(value: object) -> object:
    match value:
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        case None | str():
            return value
    return str(value)
