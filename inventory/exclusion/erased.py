"""What an erasure leaves of the pairs (contract, "Opt-out")."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from homeshield.lib.sql_arrays import array_text

_UNLIST_OWNED = "UPDATE exclusions SET listed = false WHERE lead_id = ANY (%(leads)s::uuid[]) AND listed AND owned"
_UNLIST = "DELETE FROM exclusions WHERE lead_id = ANY (%(leads)s::uuid[]) AND NOT owned"


def exclusions_of_erased(lead_ids: Sequence[UUID]) -> None:
    """Forgets whose lists these erased leads stand on. They have no keys any more, so a list that goes would not find
    them. Who owns them stays, for the books need it.

    The caller holds the lock of persons, and acts as the owner of the tables.
    """
    with connection.cursor() as cursor:
        for statement in (_UNLIST_OWNED, _UNLIST):
            cursor.execute(statement, {"leads": array_text(lead_ids)})
