"""Comparing the pairs with what they follow from, and mending them."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

_LISTED = """
    SELECT lead.id, entry.client_id, false, true
    FROM suppression_entries entry JOIN leads lead ON lead.{key} = entry.key
    WHERE NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = entry.key)
"""
DUE = f"""
    SELECT lead_id, client_id, bool_or(owned) AS owned, bool_or(listed) AS listed
    FROM (
        SELECT lead_id, client_id, true AS owned, false AS listed FROM sales
        UNION ALL
        SELECT link.other_id, sales.client_id, true, false
        FROM sales JOIN person_links link ON link.lead_id = sales.lead_id
        UNION ALL {_LISTED.format(key="phone_key")}
        UNION ALL {_LISTED.format(key="call_in_key")}
    ) AS reason
    GROUP BY lead_id, client_id
"""  # noqa: S608 - the text is ours
"""The pairs that sales, persons and lists make."""

COMPARE = f"""
    SELECT coalesce(pair.lead_id, due.lead_id), coalesce(pair.client_id, due.client_id),
           coalesce(due.owned, false), coalesce(due.listed, false)
    FROM exclusions pair FULL JOIN ({DUE}) AS due USING (lead_id, client_id)
    WHERE (pair.owned, pair.listed) IS DISTINCT FROM (due.owned, due.listed)
"""  # noqa: S608

FORGET = f"""
    DELETE FROM exclusions
    WHERE NOT EXISTS (SELECT FROM ({DUE}) AS due
                      WHERE (due.lead_id, due.client_id) = (exclusions.lead_id, exclusions.client_id))
"""  # noqa: S608
MEND = f"""
    INSERT INTO exclusions AS pair (lead_id, client_id, owned, listed)
    SELECT lead_id, client_id, owned, listed FROM ({DUE}) AS due ORDER BY lead_id, client_id
    ON CONFLICT (lead_id, client_id) DO UPDATE SET owned = excluded.owned, listed = excluded.listed
        WHERE (pair.owned, pair.listed) <> (excluded.owned, excluded.listed)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PairDifference:
    """A pair that is not what it should be: `owned` and `listed` say what it should be, both false where it should not
    be there."""

    lead_id: UUID
    client_id: UUID
    owned: bool
    listed: bool


def exclusions_compare() -> list[PairDifference]:
    """Compares all pairs with sales, persons and lists. One statement, so no sale gets in between."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARE)
        return [PairDifference(*row) for row in cursor.fetchall()]


def exclusions_rebuild() -> None:
    """Makes the pairs what they should be; triggers change the counts with them. Orders may run beside it.

    Loads and pieces of lists may not: where they run, the caller holds the lock of persons.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (FORGET, MEND):
            cursor.execute(statement)
