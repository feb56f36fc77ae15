"""What a withdrawal would do, before it is done: what leaves the stock, and who bought what (contract, "Withdrawal").

On the floor of sales, because it names buyers. What they bought stays theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from inventory.facts.columns import OPEN_SQL
from inventory.withholding.models import Reason
from inventory.withholding.services import OF_IDS, OF_LOAD

COUNTS = f"""
    WITH named AS MATERIALIZED ({{leads}})
    SELECT (SELECT count(*) FROM named),
           (SELECT count(*) FROM named JOIN withheld_leads held USING (lead_id) WHERE held.withdrawn),
           (SELECT count(*) FROM named JOIN inventory USING (lead_id)
            WHERE {OPEN_SQL} AND enters_at_utc <= %(as_of)s AND expires_at_utc > %(as_of)s)
"""  # noqa: S608 - the text is ours

BUYERS = """
    WITH named AS MATERIALIZED ({leads})
    SELECT client.id, client.name, count(DISTINCT sale.lead_id), min(sale.sold_at_utc), max(sale.sold_at_utc)
    FROM named
    JOIN inventory record USING (lead_id)
    JOIN sales sale ON sale.inventory_id = record.id
    JOIN clients client ON client.id = sale.client_id
    WHERE record.sold_at_utc IS NOT NULL
    GROUP BY client.id, client.name
    ORDER BY client.name, client.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerOfSome:
    """A client that bought some of the leads, and when the first and the last of them (UTC)."""

    client_id: UUID
    name: str
    leads: int
    first_sold_at_utc: datetime
    last_sold_at_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a withdrawal would do. `on_sale` counts records that can be sold at that instant and then no more."""

    leads: int
    withdrawn_before: int
    on_sale: int
    buyers: list[BuyerOfSome]

    @property
    def sold(self) -> int:
        """Leads, once for each client that has them."""
        return sum(buyer.leads for buyer in self.buyers)


def leads_withdrawal_effect(*, lead_ids: Iterable[UUID], reason: Reason | str, as_of: datetime) -> Effect:
    """Of withdrawing these leads; for a reason that lies in the person with all leads of the number. Unknown ids count
    nothing."""
    parameters = {"ids": sorted(set(lead_ids)), "whole_person": Reason(reason).lies_in_the_person}
    return _effect(OF_IDS, parameters, as_of)


def load_withdrawal_effect(*, load_id: int, as_of: datetime) -> Effect:
    """Of withdrawing a whole load."""
    return _effect(OF_LOAD, {"load": load_id}, as_of)


def _effect(leads: str, parameters: dict[str, Any], as_of: datetime) -> Effect:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.format(leads=leads), parameters | {"as_of": as_of})
        count, before, on_sale = cursor.fetchone()
        cursor.execute(BUYERS.format(leads=leads), parameters)
        buyers = [
            BuyerOfSome(client_id=client, name=name, leads=many, first_sold_at_utc=first, last_sold_at_utc=last)
            for client, name, many, first, last in cursor.fetchall()
        ]
    return Effect(leads=count, withdrawn_before=before, on_sale=on_sale, buyers=buyers)
