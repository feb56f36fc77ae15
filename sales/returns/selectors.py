"""What the database knows of returns: of the sales that are to be returned, of a client's allowance, of its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from homeshield.lib.keyset import Page, keyset_page
from homeshield.lib.sql_arrays import array_text
from inventory.facts.criteria import Criteria
from inventory.facts.place import UNKNOWN, Place
from leads.age import AgeBucket
from leads.classification import Classification
from sales.returns.models import PROVEN, Return, ReturnStatus
from sales.returns.rules import Allowance, Candidate, credits_since

CANDIDATES = """
    SELECT sale.id, sale.lead_id, sale.sold_at_utc, sale.purchase_price, returned.status,
           lead.created_at_utc, lead.classification, lead.state, lead.county,
           line.classification, line.age_bucket, line.state, line.county,
           EXISTS (
               SELECT
               FROM (
                   SELECT other_id FROM person_links WHERE person_links.lead_id = sale.lead_id
                   UNION ALL
                   SELECT bearer.id
                   FROM (VALUES (lead.phone_key), (lead.call_in_key)) AS borne (key)
                   CROSS JOIN LATERAL (
                       SELECT id FROM leads WHERE leads.phone_key = borne.key
                       UNION ALL
                       SELECT id FROM leads WHERE leads.call_in_key = borne.key
                       OFFSET 0
                   ) AS bearer
                   WHERE NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = borne.key)
               ) AS person (lead_id)
               JOIN sales AS other ON other.client_id = sale.client_id AND other.lead_id = person.lead_id
               WHERE other.id <> sale.id AND other.sold_at_utc <= sale.sold_at_utc
                 AND NOT EXISTS (SELECT FROM returns WHERE returns.sale_id = other.id AND returns.status = 'accepted')
               OFFSET 0
           )
    FROM sales AS sale
    JOIN leads AS lead ON lead.id = sale.lead_id
    JOIN order_lines AS line ON line.order_id = sale.order_id AND line.number = sale.line_number
    LEFT JOIN returns AS returned ON returned.sale_id = sale.id
    WHERE sale.id = ANY (%(sales)s::uuid[]) AND sale.client_id = %(client)s
"""
"""A person has few leads: five at most bear a key that joins them. OFFSET 0 keeps it to look-ups, one key at a time."""

ALLOWANCE = """
    SELECT (SELECT coalesce(sum(total), 0) FROM orders
            WHERE client_id = %(client)s AND placed_at_utc > %(since)s AND placed_at_utc <= %(as_of)s),
           (SELECT coalesce(sum(amount), 0) FROM returns
            WHERE client_id = %(client)s AND status = 'accepted' AND decided_by_id IS NULL
              AND NOT reason IN ('duplicate', 'outside_criteria') AND decided_at_utc > %(since)s)
"""

RECORD = """
    SELECT count(*), coalesce(sum(sale.purchase_price), 0),
           count(returned.id), count(returned.id) FILTER (WHERE returned.status = 'accepted'),
           count(returned.id) FILTER (WHERE returned.status = 'waiting'),
           count(returned.id) FILTER (WHERE returned.status = 'refused'),
           coalesce(sum(returned.amount) FILTER (WHERE returned.status = 'accepted'), 0)
    FROM orders
    JOIN sales AS sale ON sale.order_id = orders.id
    LEFT JOIN returns AS returned ON returned.sale_id = sale.id
    WHERE orders.client_id = %(client)s AND orders.placed_at_utc > %(since)s AND orders.placed_at_utc <= %(as_of)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A candidate, and the words of the order line that it was sold by: `Gold, 6 to 8 months, LA`."""

    candidate: Candidate
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a client bought in some days, and returned of it. Amounts in USD."""

    bought: int
    paid: Decimal
    returned: int
    accepted: int
    waiting: int
    refused: int
    credited: Decimal

    @property
    def rate(self) -> Decimal:
        """The share of the leads that was accepted back, in percent."""
        return Decimal(100) * self.accepted / self.bought if self.bought else Decimal(0)


def candidates_of(*, client_id: UUID, sale_ids: Sequence[UUID]) -> dict[UUID, Found]:
    """The client's own of these sales, by id. Others' are left out, like unknown ones.

    To be called as staff: with a client's eyes, leads of the person that another client bought are not there to see,
    and need not be.
    """
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, {"sales": array_text(sale_ids), "client": client_id})
        return {row[0]: _found(row) for row in cursor.fetchall()}


def _found(row: tuple[Any, ...]) -> Found:
    sale_id, lead_id, sold_at, paid, returned, created_at, class_, state, county, *line, is_duplicate = row
    line_class, line_bucket, line_state, line_county = line
    sold_by = Criteria(
        classification=Classification(line_class), age_bucket=AgeBucket(line_bucket),
        place=Place(state=line_state, county=line_county),
    )  # fmt: skip
    lead = Criteria(
        classification=Classification(class_), age_bucket=AgeBucket.at(created_at, sold_at),
        place=Place(state=state, county=county or UNKNOWN),
    )  # fmt: skip
    candidate = Candidate(
        sale_id=sale_id, lead_id=lead_id, sold_at_utc=sold_at, paid=paid,
        returned=ReturnStatus(returned) if returned else None, is_duplicate=is_duplicate,
        is_outside=not sold_by.contains(lead),
    )  # fmt: skip
    return Found(candidate=candidate, line=sold_by.label)


def allowance_of(*, client_id: UUID, as_of: datetime) -> Allowance:
    """What the client bought and what was credited by itself in the 30 days before `as_of`."""
    with connection.cursor() as cursor:
        cursor.execute(ALLOWANCE, {"client": client_id, "since": credits_since(as_of), "as_of": as_of})
        bought, credited = cursor.fetchone()
    return Allowance(bought=bought, credited=credited, percent=settings.RETURN_CREDIT_SHARE)


def record_of(*, client_id: UUID, as_of: datetime) -> Record:
    """Of what the client bought in the 30 days before `as_of`."""
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {"client": client_id, "since": credits_since(as_of), "as_of": as_of})
        bought, paid, returned, accepted, waiting, refused, credited = cursor.fetchone()
    return Record(
        bought=bought, paid=paid, returned=returned, accepted=accepted, waiting=waiting, refused=refused,
        credited=credited,
    )  # fmt: skip


def returns_of(client_id: UUID) -> QuerySet[Return]:
    return Return.objects.filter(client_id=client_id)


def returns_page(
    *, client_id: UUID, status: ReturnStatus | None = None, cursor: str | None, limit: int = 50
) -> Page[Return]:
    """The client's returns, the newest first: all, or those of a status. Raises BadCursor."""
    returns = returns_of(client_id).select_related("sale__lead", "sale__order", "asked_by", "asked_with")
    if status is not None:
        returns = returns.filter(status=status)
    return keyset_page(
        returns, by="asked_at_utc", of=f"returns of {client_id}, {status}", cursor=cursor, limit=limit, descending=True
    )


def unread_of(client_id: UUID) -> QuerySet[Return]:
    """Returns that staff decided, and that nobody of the client's has read about."""
    return returns_of(client_id).filter(decided_by__isnull=False, read_at_utc=None)


def returned_among(sale_ids: Sequence[UUID]) -> dict[UUID, Return]:
    """The returns of these sales that the viewer may see, by sale."""
    return {one.sale_id: one for one in Return.objects.filter(sale__in=sale_ids)}


assert {str(reason) for reason in PROVEN} == {"duplicate", "outside_criteria"}, "ALLOWANCE names them"
