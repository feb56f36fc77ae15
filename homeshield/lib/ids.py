"""Keys: UUID version 7, so that rows written together lie together in every index.

Such a key tells when it was made. So nothing whose instant is nobody's business may be made with a key of its own.
"""

import secrets
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new time-ordered key. (Python 3.13 has no uuid7 of its own, nor has PostgreSQL before 18.)"""
    return uuid7()


def id_as_old_as(other: UUID) -> UUID:
    """A new key that tells the instant of `other`, and nothing of when it was made itself."""
    instant, (version, variant) = other.int >> 80, (7, 0b10)
    parts = ((instant, 80), (version, 76), (secrets.randbits(12), 64), (variant, 62), (secrets.randbits(62), 0))
    return UUID(int=sum(part << place for part, place in parts))


def new_id_text() -> str:
    """The same as text, for rows that go to COPY by the million: without an object of Python's per key."""
    return str(uuid_utils.uuid7())
