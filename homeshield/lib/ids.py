"""Keys: UUID version 7, so that rows written together are neighbors in every index.

A key reveals when it was made. Where that is private, use `id_as_old_as`.
"""

import secrets
from datetime import datetime
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Python 3.13 and PostgreSQL before 18 have no uuid7."""
    return uuid7()


def id_as_old_as(other: UUID) -> UUID:
    """A new key that reveals the instant of `other`, not its own."""
    instant, (version, variant) = other.int >> 80, (7, 0b10)
    parts = ((instant, 80), (version, 76), (secrets.randbits(12), 64), (variant, 62), (secrets.randbits(62), 0))
    return UUID(int=sum(part << place for part, place in parts))


def first_id_at(instant: datetime) -> UUID:
    """Keys that are less than this one were made before `instant` (to the millisecond)."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def new_id_text() -> str:
    """For COPY of millions of rows: makes no UUID object."""
    return str(uuid_utils.uuid7())
