"""What a worker does for suppression lists (docs/background.md)."""

from functools import partial
from uuid import UUID

from django.utils import timezone

from homeshield.lib.locks import tried_again
from homeshield.lib.tasks import background
from inventory.suppression.pieces import list_step

PIECES_AT_ONCE = 10
"""Then other tasks have their turn: a mail must not wait for a million entries."""

TRIES = 3


@background
def list_go_on(list_id: str) -> None:
    """Does what is left to be done for a list."""
    for _ in range(PIECES_AT_ONCE):
        # A piece and an order may wait for one another's records. PostgreSQL ends one of the two.
        if not tried_again(partial(list_step, list_id=UUID(list_id), as_of=timezone.now()), tries=TRIES):
            return
    list_go_on.enqueue(list_id)
