"""Keys: UUID version 7, so that rows written together lie together in every index."""

from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new time-ordered key. (Python 3.13 has no uuid7 of its own, nor has PostgreSQL before 18.)"""
    return uuid7()


def new_id_text() -> str:
    """The same as text, for rows that go to COPY by the million: without an object of Python's per key."""
    return str(uuid_utils.uuid7())
