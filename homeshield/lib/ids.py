"""Keys: UUID version 7, so that rows written together lie together in every index."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new time-ordered key. (Python 3.13 has no uuid7 of its own, nor has PostgreSQL before 18.)"""
    return uuid7()
