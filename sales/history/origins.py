"""Where purchased leads came from: when they were loaded and from whom, how often sold before, how long exclusive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from leads.age import NEVER

ORIGINS = """
    SELECT sale.id, lead.ingested_at_utc, load.supplier, record.expires_at_utc, (
        SELECT count(*)
        FROM (
            SELECT sale.lead_id
            UNION ALL
            SELECT other_id FROM person_links WHERE person_links.lead_id = sale.lead_id
        ) AS person (lead_id)
        CROSS JOIN LATERAL (
            SELECT FROM inventory
            WHERE inventory.lead_id = person.lead_id AND inventory.sold_at_utc < sale.sold_at_utc
            OFFSET 0
        ) AS earlier
    )
    FROM sales AS sale
    JOIN inventory AS record ON record.id = sale.inventory_id
    JOIN leads AS lead ON lead.id = sale.lead_id
    LEFT JOIN load_origins AS load ON load.id = lead.load_id
    WHERE sale.id = ANY (%(sales)s)
"""
"""OFFSET 0: the records of a person's few leads are looked up one lead at a time, however many leads the shop has."""


@dataclass(frozen=True, slots=True)
class Origin:
    """`supplier` is None if it is unknown, or not to be shown (SHOW_SUPPLIERS). `sold_before` counts the sales of this
    person before this one, under whichever lead (contract, "Person"). `exclusive_until_utc` is when the lead leaves
    its age bucket and may be sold to another buyer; None if it never does."""

    loaded_at_utc: datetime
    supplier: str | None
    sold_before: int
    exclusive_until_utc: datetime | None


def origins_of(sale_ids: Sequence[UUID]) -> Mapping[UUID, Origin]:
    """The origins of sales that the viewer may see, by sale."""
    with connection.cursor() as cursor:
        cursor.execute(ORIGINS, {"sales": list(sale_ids)})
        return {
            sale: Origin(
                loaded,
                (supplier or None) if settings.SHOW_SUPPLIERS else None,
                before,
                None if expires == NEVER else expires,
            )
            for sale, loaded, supplier, expires, before in cursor.fetchall()
        }
