"""Pages of records in the order of sale.

The indexes begin with class and bucket (inventory/models.py). If a filter leaves one open, the list is a union of parts
with an index each, which PostgreSQL merges (Merge Append) until the page is full. So each page costs the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from homeshield.accounts.previews import previews_spend
from homeshield.lib.keyset import Page, Position, found_page
from homeshield.lib.replica import reading_connection
from inventory.buyer import Buyer
from inventory.exclusion.models import NOT_EXCLUDED
from inventory.facts.columns import OPEN_SQL
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import NEVER, AgeBucket
from leads.classification import Classification
from leads.previews import SHOWN, SHOWN_BEFORE_PURCHASE

MOST_PARTS = 60
"""More take too long to plan. A buyer with so many states soon finds records in a list of all states."""

_PART = """
    (SELECT id, expires_at_utc, lead_id, age_bucket, classification, state, county FROM inventory
    WHERE {open} AND enters_at_utc <= %(as_of)s AND {conditions}
    ORDER BY {order} LIMIT %(limit)s)
"""
"""Without its own limit, PostgreSQL reads and sorts the whole part."""


@dataclass(frozen=True, slots=True, repr=False)  # keeps names out of logs
class ListedRecord:
    """Not a model: making instances took longer than finding the page (docs/performance.md)."""

    id: UUID
    expires_at_utc: datetime
    lead_id: UUID
    age_bucket: AgeBucket
    classification: Classification
    state: str
    county: str
    first_name: str | None
    city: str | None


def records_page(
    *,
    criteria: Criteria,
    buyer: Buyer,
    as_of: datetime,
    cursor: str | None,
    limit: int = 50,
    places: Sequence[Place] = (),
) -> Page[ListedRecord]:
    """Several `places` stand in for the criteria's. Raises BadCursor."""
    wanted = [criteria.at(place) for place in places] or [criteria]
    find = partial(records_in_order, wanted, buyer, as_of)
    of = list_of_records(criteria=criteria, buyer=buyer, places=places)
    return found_page(find, by="expires_at_utc", of=of, cursor=cursor, limit=limit)


def list_of_records(*, criteria: Criteria, buyer: Buyer, places: Sequence[Place] = ()) -> str:
    """The list's name in its cursors, which are valid for no other list."""
    several = f" {sorted(place.label for place in places)}" if len(places) > 1 else ""
    return f"inventory of {buyer.client_id}: {criteria.as_filter()}{several}"


def records_in_order(
    wanted: Sequence[Criteria], buyer: Buyer, as_of: datetime, beyond: Position | None, reverse: bool, limit: int
) -> list[ListedRecord]:
    """Records under any of the criteria, which must not overlap, beyond a position or from the start."""
    order = "expires_at_utc DESC, id DESC" if reverse else "expires_at_utc, id"
    parameters: dict[str, Any] = {"as_of": as_of, "limit": limit, "client": buyer.client_id}
    parameters["licensed"] = sorted(buyer.licensed_states)
    everywhere = []
    if beyond:
        parameters |= {"value": beyond[0], "id": beyond[1]}
    if beyond is None or reverse or beyond[0] <= as_of:
        # Beside a later position, PostgreSQL might start its index scan here.
        everywhere.append("expires_at_utc > %(as_of)s")
    if buyer.client_id:
        everywhere.append(NOT_EXCLUDED.format("%(client)s"))
    parts = []
    for number, part in enumerate(_parts(wanted, buyer)):
        conditions = [f"{column} = %({column}_{number})s" for column in part.as_filter()]
        parameters |= {f"{column}_{number}": value for column, value in part.as_filter().items()}
        if buyer.licensed_states and part.place.state is None:
            conditions.append("state = ANY (%(licensed)s::text[])")
        if beyond:
            if (condition := _beyond(part, beyond, reverse)) is None:
                continue
            conditions.append(condition)
        parts.append(_PART.format(open=OPEN_SQL, conditions=" AND ".join([*conditions, *everywhere]), order=order))
    if not parts:
        return []
    with reading_connection().cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS list ORDER BY {order} LIMIT %(limit)s",  # noqa: S608
            parameters,
        )
        found = cursor.fetchall()
        cursor.execute(SHOWN, [[row[2] for row in found]])
        leads = {key: shown for key, *shown in cursor.fetchall()}
    return [_listed(*row, *leads[row[2]]) for row in found]


def _listed(
    key: UUID, expires_at: datetime, lead_id: UUID, bucket: str, row: str, state: str, county: str, *lead: Any
) -> ListedRecord:
    person = dict(zip(SHOWN_BEFORE_PURCHASE, lead, strict=True))
    return ListedRecord(key, expires_at, lead_id, AgeBucket(bucket), Classification(row), state, county, **person)


def _beyond(part: Criteria, position: Position, reverse: bool) -> str | None:
    """The condition for records beyond the position; None if there are none.

    In the last bucket all records have the same end: given both columns, PostgreSQL expects almost no rows and picks a
    wrong index.
    """
    sign, ends = "<" if reverse else ">", position[0]
    if part.age_bucket is not None and part.age_bucket.next is None:
        if ends == NEVER:
            return f"expires_at_utc = %(value)s AND id {sign} %(id)s"
        return "TRUE" if (ends < NEVER) != reverse else None
    if part.age_bucket is not None and ends >= NEVER:
        return "TRUE" if reverse else None
    return f"(expires_at_utc, id) {sign} (%(value)s, %(id)s)"


def _parts(wanted: Sequence[Criteria], buyer: Buyer) -> list[Criteria]:
    """The criteria, split into disjoint ones with an index each.

    A condition on several states would lose the index's order.
    """
    if wanted == [Criteria()] and not buyer.licensed_states:
        return [*wanted]
    parts = [
        Criteria(classification=row, age_bucket=bucket, place=replace(criteria.place, state=state))
        for criteria in wanted
        for row, bucket in criteria.cells
        for state in _states(criteria.place.state, buyer)
    ]
    return parts if len(parts) <= MOST_PARTS or len(wanted) > 1 else [*wanted]


def _states(state: str | None, buyer: Buyer) -> list[str | None]:
    if state is not None:
        return [state] if buyer.is_licensed_in(state) else []
    return [*sorted(buyer.licensed_states)] or [None]


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """`left`: leads the client may still see today; None if none were shown."""

    page: Page[ListedRecord]
    left: int | None


def previews_page(
    *,
    criteria: Criteria,
    buyer: Buyer,
    as_of: datetime,
    cursor: str | None,
    limit: int = 50,
    places: Sequence[Place] = (),
) -> PreviewPage:
    """Like `records_page`, but counts the leads as shown, and cuts the page to the allowance.

    Call it last: the count stays if the request fails later. Raises BadCursor, and PreviewsUsed if nothing is left.
    """
    find = partial(records_page, criteria=criteria, buyer=buyer, as_of=as_of, cursor=cursor, places=places)
    page = find(limit=limit)
    if not page.rows:
        return PreviewPage(page, None)
    assert buyer.client_id is not None, "an allowance is a client's"
    previews = previews_spend(client_id=buyer.client_id, wanted=len(page.rows), as_of=as_of)
    if previews.granted < len(page.rows):  # at most once a day
        page = find(limit=previews.granted)
    return PreviewPage(page, previews.left)
