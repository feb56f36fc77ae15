"""Comparing the pairs with what they follow from, and making them anew."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

OWNED = """
    SELECT lead_id, client_id FROM sales
    UNION
    SELECT link.other_id, sales.client_id FROM sales JOIN person_links link ON link.lead_id = sales.lead_id
"""
"""Who owns which leads: what it has bought, and the others of their persons."""

COMPARE = f"""
    SELECT coalesce(pair.lead_id, due.lead_id), coalesce(pair.client_id, due.client_id), due.lead_id IS NOT NULL
    FROM (SELECT lead_id, client_id FROM exclusions WHERE owned) AS pair
    FULL JOIN ({OWNED}) AS due USING (lead_id, client_id)
    WHERE pair.lead_id IS NULL OR due.lead_id IS NULL
"""  # noqa: S608 - the text is ours

_NOT_DUE = f"""
    NOT EXISTS (SELECT FROM ({OWNED}) AS due
                WHERE (due.lead_id, due.client_id) = (exclusions.lead_id, exclusions.client_id))
"""
FORGET = f"DELETE FROM exclusions WHERE NOT listed AND {_NOT_DUE}"  # noqa: S608
DISOWN = f"UPDATE exclusions SET owned = false WHERE owned AND listed AND {_NOT_DUE}"  # noqa: S608

ADD = f"""
    INSERT INTO exclusions (lead_id, client_id, owned, listed)
    SELECT lead_id, client_id, true, false FROM ({OWNED}) AS due
    WHERE NOT EXISTS (SELECT FROM exclusions pair
                      WHERE (pair.lead_id, pair.client_id) = (due.lead_id, due.client_id) AND pair.owned)
    ORDER BY lead_id, client_id
    ON CONFLICT (lead_id, client_id) DO UPDATE SET owned = true
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PairDifference:
    """A lead that a client owns and may be sold again, or the other way around."""

    lead_id: UUID
    client_id: UUID
    owned: bool
    """Whether the client owns it, by its purchases."""


def exclusions_compare() -> list[PairDifference]:
    """Compares all pairs with the sales. Reads everything, in one statement, so that no sale gets in between."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARE)
        return [PairDifference(*row) for row in cursor.fetchall()]


def exclusions_rebuild() -> None:
    """Makes the pairs, and by their triggers the counts, what the sales say. Orders may run beside it."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (FORGET, DISOWN, ADD):
            cursor.execute(statement)
