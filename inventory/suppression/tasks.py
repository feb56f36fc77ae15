"""What a worker does for suppression lists (docs/background.md)."""

from uuid import UUID

from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from homeshield.lib.tasks import background
from inventory.suppression.pieces import list_step

PIECES_AT_ONCE = 10
"""Then other tasks have their turn: a mail must not wait for a million entries."""

TRIES = 3


@background
def list_go_on(list_id: str) -> None:
    """Does what is left to be done for a list."""
    for _ in range(PIECES_AT_ONCE):
        if not _step(UUID(list_id)):
            return
    list_go_on.enqueue(list_id)


def _step(list_id: UUID) -> bool:
    """A piece and an order may wait for one another's records. PostgreSQL ends one of the two, which tries again."""
    for tried in range(1, TRIES + 1):
        try:
            return list_step(list_id=list_id, as_of=timezone.now())
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected) or tried == TRIES:
                raise
    raise AssertionError
