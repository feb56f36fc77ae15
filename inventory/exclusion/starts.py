"""Where a client's picks begin, if much of a cell's head is excluded for it.

Excluded records cost a look-up each, at every pick: 60,000 of them a tenth of a second. A start is a hint that nothing
before it is for the client. The first pass of an order begins there; the second, counts and lists ignore it. So a start
that is out of date costs time, or sells something else first, and never an order. It holds for LIFE at most.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import connection, transaction

from inventory.exclusion.models import NOT_EXCLUDED
from inventory.facts.columns import OPEN_SQL
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification

SLOW = 0.02
"""Seconds. A pick that took longer looks whether a start would help the next one."""

MANY = 500
"""Excluded records before a start, below which it is not worth keeping."""

LIFE = timedelta(minutes=10)

STARTS = f"""
    SELECT jsonb_agg(jsonb_build_array(classification, age_bucket, state, county, expires_at_utc, inventory_id))
    FROM pick_starts
    WHERE client_id = %(client)s AND found_at_utc > now() - interval '{LIFE.seconds} seconds'
"""  # noqa: S608 - the text is ours

_FORGET = """
    DELETE FROM pick_starts
    WHERE id IN (
        SELECT id FROM pick_starts
        WHERE client_id = %(client)s
          AND (found_at_utc <= %(stale)s
               OR (classification, age_bucket) = (%(classification)s, %(age_bucket)s)
                  AND (state, county) IS NOT DISTINCT FROM (%(state)s, %(county)s))
        FOR UPDATE SKIP LOCKED
    )
"""

_WITHIN = """
    inventory.classification = %(classification)s AND inventory.age_bucket = %(age_bucket)s
"""

_FIND = """
    WITH first AS MATERIALIZED (
        SELECT expires_at_utc, id FROM inventory
        WHERE {open} AND {within} AND {not_excluded}
        ORDER BY expires_at_utc, id LIMIT 1
    )
    INSERT INTO pick_starts (client_id, classification, age_bucket, state, county, expires_at_utc, inventory_id,
                             found_at_utc)
    SELECT %(client)s, %(classification)s, %(age_bucket)s, %(state)s, %(county)s, expires_at_utc, id, %(as_of)s
    FROM first
    WHERE (SELECT count(*) FROM (SELECT FROM inventory
                                 WHERE {open} AND {within}
                                   AND (inventory.expires_at_utc, inventory.id) < (first.expires_at_utc, first.id)
                                 LIMIT {many}) AS passed) = {many}
      AND NOT EXISTS (SELECT FROM pick_starts WHERE client_id = %(client)s
                      AND (classification, age_bucket) = (%(classification)s, %(age_bucket)s)
                      AND (state, county) IS NOT DISTINCT FROM (%(state)s, %(county)s))
    ON CONFLICT DO NOTHING
"""
"""A plain read, past no lock: what another order holds may come back."""


_FORGET_OLD = """
    DELETE FROM pick_starts
    WHERE id IN (SELECT id FROM pick_starts WHERE found_at_utc <= %(stale)s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Start:
    """The first record in the order of sale that was not excluded."""

    expires_at_utc: datetime
    inventory_id: UUID

    @classmethod
    def of_json(cls, expires_at: str, inventory_id: str) -> Self:
        return cls(datetime.fromisoformat(expires_at), UUID(inventory_id))


type Starts = Mapping[Criteria, Start]


def starts_of(found: str | None) -> Starts:
    """What STARTS finds, by the criteria of a line."""
    return {
        Criteria(
            classification=Classification(classification), age_bucket=AgeBucket(bucket), place=Place(state, county)
        ): Start.of_json(expires_at, inventory_id)
        for classification, bucket, state, county, expires_at, inventory_id in json.loads(found or "[]")
    }


def starts_forget(*, as_of: datetime) -> int:
    """Removes starts that no pick uses any more, also of clients that buy nothing now: each load looks at all of them.

    For the scheduler. Returns how many it removed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_OLD, {"stale": as_of - LIFE})
        return int(cursor.rowcount)


def start_find(*, client_id: UUID, criteria: Criteria, as_of: datetime) -> None:
    """Keeps a start for the client's next pick under the criteria, if many records before it are excluded.

    Waits for nobody: a start that a load is about to remove stays as it is.
    """
    parameters: dict[str, Any] = {
        **{"client": client_id, "as_of": as_of, "stale": as_of - LIFE},
        **{"classification": None, "age_bucket": None, "state": None, "county": None},
        **criteria.as_filter(),
    }
    places = "".join(f" AND inventory.{level} = %({level})s" for level in criteria.place.as_filter())
    find = _FIND.format(
        open=OPEN_SQL, within=_WITHIN + places, not_excluded=NOT_EXCLUDED.format("%(client)s"), many=MANY
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FORGET, parameters)
        cursor.execute(find, parameters)
