"""Pages of the list of records, in the order of sale. Under every filter an index finds them, so each costs the same.

The indexes begin with a class and a bucket (inventory/models.py). If a filter leaves one of them open, the list is a
union of parts that each have an index. PostgreSQL reads these side by side (a Merge Append) and stops when the page is
full.
"""

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
from leads.age import NEVER, AgeBucket
from leads.classification import Classification
from leads.models import SHOWN_BEFORE_PURCHASE

MOST_PARTS = 60
"""The most parts of a list. Each takes a moment to plan. A buyer with licenses for more than that finds records soon
enough in the order of all states."""

_PART = """
    (SELECT id, expires_at_utc, lead_id, age_bucket, classification, state, county FROM inventory
    WHERE {open} AND enters_at_utc <= %(as_of)s AND {conditions}
    ORDER BY {order} LIMIT %(limit)s)
"""
"""Each part has the limit too. Otherwise PostgreSQL reads and sorts all of it."""

_SHOWN = f"SELECT id, {', '.join(SHOWN_BEFORE_PURCHASE)} FROM lead_previews WHERE id = ANY (%s)"  # noqa: S608
"""A statement of its own. A join would tempt PostgreSQL away from the indexes."""


@dataclass(frozen=True, slots=True, repr=False)  # a name belongs in no log
class ListedRecord:
    """A record for sale, with no more of its lead than may be shown before purchase: first name and city, None where
    they are not known. No object of Django's, which took longer to make than the page to find (docs/performance.md).
    """

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
    *, criteria: Criteria, buyer: Buyer, as_of: datetime, cursor: str | None, limit: int = 50
) -> Page[ListedRecord]:
    """One page of what can be bought, in the order of sale. Raises BadCursor."""
    find = partial(records_in_order, criteria, buyer, as_of)
    of = list_of_records(criteria=criteria, buyer=buyer)
    return found_page(find, by="expires_at_utc", of=of, cursor=cursor, limit=limit)


def list_of_records(*, criteria: Criteria, buyer: Buyer) -> str:
    """The name of a list: whose it is, and under which filter. A cursor is only good for the list it names."""
    return f"inventory of {buyer.client_id}: {criteria.as_filter()}"


def records_in_order(
    criteria: Criteria, buyer: Buyer, as_of: datetime, beyond: Position | None, reverse: bool, limit: int
) -> list[ListedRecord]:
    """Up to `limit` records that the buyer can be sold, beyond a position (None: from the start), in the order of
    sale or in `reverse`."""
    order = "expires_at_utc DESC, id DESC" if reverse else "expires_at_utc, id"
    parameters: dict[str, Any] = {"as_of": as_of, "limit": limit, "client": buyer.client_id}
    parameters["licensed"] = sorted(buyer.licensed_states)
    everywhere = []
    if beyond:
        parameters |= {"value": beyond[0], "id": beyond[1]}
    if beyond is None or reverse or beyond[0] <= as_of:
        # Not beside a place that says more: the index would be read from the nearer of the two.
        everywhere.append("expires_at_utc > %(as_of)s")
    if buyer.client_id:
        everywhere.append(NOT_EXCLUDED.format("%(client)s"))
    parts = []
    for number, part in enumerate(_parts(criteria, buyer)):
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
        cursor.execute(_SHOWN, [[row[2] for row in found]])
        leads = {key: shown for key, *shown in cursor.fetchall()}
    return [_listed(*row, *leads[row[2]]) for row in found]


def _listed(
    key: UUID, expires_at: datetime, lead_id: UUID, bucket: str, row: str, state: str, county: str, *lead: Any
) -> ListedRecord:
    person = dict(zip(SHOWN_BEFORE_PURCHASE, lead, strict=True))
    return ListedRecord(key, expires_at, lead_id, AgeBucket(bucket), Classification(row), state, county, **person)


def _beyond(part: Criteria, position: Position, reverse: bool) -> str | None:
    """The condition on records of a part beyond the position. None if there can be none.

    In the last bucket all records have one end, so there the id alone must decide. Given both columns, PostgreSQL
    expects next to no rows and takes any index, past all of a state or a class.
    """
    sign, ends = "<" if reverse else ">", position[0]
    if part.age_bucket is not None and part.age_bucket.next is None:
        if ends == NEVER:
            return f"expires_at_utc = %(value)s AND id {sign} %(id)s"
        return "TRUE" if (ends < NEVER) != reverse else None
    if part.age_bucket is not None and ends >= NEVER:
        return "TRUE" if reverse else None
    return f"(expires_at_utc, id) {sign} (%(value)s, %(id)s)"


def _parts(criteria: Criteria, buyer: Buyer) -> list[Criteria]:
    """The criteria split into disjoint ones that each have an index, or unsplit if they have one.

    A part that names a state has no list of licenses beside it, which would cost the index's order.
    """
    state = criteria.place.state
    if state is not None and not buyer.is_licensed_in(state):
        return []
    states = sorted(buyer.licensed_states) if state is None and buyer.licensed_states else [state]
    if criteria == Criteria() and states == [None]:
        return [criteria]
    parts = [
        Criteria(classification=row, age_bucket=bucket, place=replace(criteria.place, state=state))
        for row, bucket in criteria.cells
        for state in states
    ]
    return parts if len(parts) <= MOST_PARTS else [criteria]


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A page of the list, and how many more leads the client may be shown today (None: nothing was shown)."""

    page: Page[ListedRecord]
    left: int | None


def previews_page(
    *, criteria: Criteria, buyer: Buyer, as_of: datetime, cursor: str | None, limit: int = 50
) -> PreviewPage:
    """What `records_page` finds, counted as shown; a shorter page where less than it is left of the allowance.

    To be asked for last, when nothing else of the answer can fail: what is counted stays so. Raises BadCursor, and
    PreviewsUsed where there are leads and nothing is left.
    """
    page = records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=cursor, limit=limit)
    if not page.rows:
        return PreviewPage(page, None)
    assert buyer.client_id is not None, "an allowance is a client's"
    previews = previews_spend(client_id=buyer.client_id, wanted=len(page.rows), as_of=as_of)
    if previews.granted < len(page.rows):  # once a day at most, so it may cost the page again
        page = records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=cursor, limit=previews.granted)
    return PreviewPage(page, previews.left)
