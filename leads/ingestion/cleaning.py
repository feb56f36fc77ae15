"""From a row's cells to a lead, or to the reason why it is none."""

from collections.abc import Callable
from datetime import datetime
from hashlib import md5
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from homeshield.lib.ids import new_id
from leads.classification import QUALIFICATION_FIELDS, Classification, classify, present
from leads.geography import STATES, match_county
from leads.ingestion.columns import FIELDS, Header
from leads.ingestion.times import call_in_time


class NewLead(NamedTuple):
    """A lead ready to be loaded: its names are those of the table's columns, which COPY takes in this order."""

    id: UUID
    natural_key: str
    created_at_utc: datetime
    classification: Classification
    mortgage_id: str | None
    campaign_id: str | None
    type: str | None
    call_in_date: str
    status: str | None
    full_name: str | None
    first_name: str | None
    last_name: str | None
    co_borrower_name: str | None
    address: str | None
    city: str | None
    county: str | None
    state: str
    zip: str | None
    mortgage_amount: str | None
    lender: str | None
    sale_date: str | None
    agent_id: str | None
    call_in_phone_number: str | None
    borrower_age: str | None
    borrower_medical_issues: str | None
    borrower_tobacco_use: str | None
    co_borrower: str | None
    borrower_phone: str | None
    source: str | None


class RowRefused(Exception):
    """A row that is no lead. The arguments are the reasons in words, all of them, so that one mending suffices."""


_STATE, _COUNTY, _CALL_IN_DATE, _MORTGAGE_ID = map(FIELDS.index, ("state", "county", "call_in_date", "mortgage_id"))
_QUALIFICATIONS = tuple(map(FIELDS.index, QUALIFICATION_FIELDS))


class Cleaner:
    """Cleans the rows of one file. `as_of` is the present: an inquiry after it is refused."""

    def __init__(self, header: Header, *, as_of: datetime) -> None:
        self._as_of = as_of
        # A column that the file lacks reads the blank that clean() appends to each row.
        self._pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(
            *(header.positions.get(field, -1) for field in FIELDS)
        )

    def clean(self, cells: list[str]) -> NewLead:
        """The lead of a row that has as many cells as the header. Raises RowRefused."""
        values = [cell.strip() or None for cell in self._pick([*cells, ""])]
        for place in _QUALIFICATIONS:
            if not present(values[place]):
                values[place] = None
        state, created_at = self._where_and_when(values[_STATE], values[_CALL_IN_DATE])
        values[_STATE] = state
        if county := values[_COUNTY]:
            values[_COUNTY] = match_county(state, county) or county
        classification = classify(dict(zip(QUALIFICATION_FIELDS, (values[i] for i in _QUALIFICATIONS), strict=True)))
        return NewLead._make((new_id(), natural_key(values), created_at, classification, *values))

    def _where_and_when(self, state: str | None, called: str | None) -> tuple[str, datetime]:
        """The state's code and the instant of the inquiry. Raises RowRefused with everything that is wrong."""
        reasons = []
        code = (state or "").upper()
        if not state:
            reasons.append("State is missing")
        elif code not in STATES:
            reasons.append("State is no US state, district, territory or military code")
        created_at = self._as_of
        if not called:
            reasons.append("Call In Date is missing")
        else:
            try:
                created_at = call_in_time(called, code if code in STATES else "DC")
            except ValueError:
                reasons.append("Call In Date is no time in the format MM-DD-YYYY HH:MM:SS")
        if created_at > self._as_of:
            reasons.append("Call In Date lies in the future")
        if reasons:
            raise RowRefused(*reasons)
        return code, created_at


def natural_key(values: list[str | None]) -> str:
    """The digest of what makes two rows the same inquiry, as 32 hexadecimal digits; `values` in the order of FIELDS.

    Mortgage id, state and call-in time (as the clock showed it); where the mortgage id is absent, all the cells.
    """
    same = (values[_MORTGAGE_ID], values[_STATE], values[_CALL_IN_DATE]) if values[_MORTGAGE_ID] else values
    # NUL separates, since no cell can hold one. An absent cell and an empty one are the same.
    return md5("\0".join([value or "" for value in same]).encode(), usedforsecurity=False).hexdigest()
