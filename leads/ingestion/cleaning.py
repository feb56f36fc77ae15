"""From a row's cells to a lead, or to the reason why it is none."""

from datetime import datetime
from functools import lru_cache
from hashlib import md5
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from homeshield.lib.ids import new_id
from leads.classification import QUALIFICATION_FIELDS, Classification, classify, present
from leads.geography import STATES, match_county
from leads.ingestion.columns import FIELDS, Header
from leads.ingestion.times import call_in_time, looks_like_a_time


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


_TEXTS = tuple(name for name in FIELDS if name not in QUALIFICATION_FIELDS)
_ANSWERS = tuple(name for name in FIELDS if name in QUALIFICATION_FIELDS)  # the last columns, as it happens
_STATE, _COUNTY, _CALL_IN_DATE, _MORTGAGE_ID = map(_TEXTS.index, ("state", "county", "call_in_date", "mortgage_id"))
FIRST_YEAR = "1900"  # an earlier one is a slip of the pen: 0025 for 2025
_CAPITAL = STATES["DC"]  # whose clocks tell whether a time is possible where the state is not known


class Cleaner:
    """Cleans the rows of one file. `as_of` is the present: an inquiry after it is refused."""

    def __init__(self, header: Header, *, as_of: datetime) -> None:
        self._as_of = as_of
        # A column that the file lacks reads the blank that clean() appends to each row.
        self._texts = itemgetter(*(header.positions.get(name, -1) for name in _TEXTS))
        self._answers = itemgetter(*(header.positions.get(name, -1) for name in _ANSWERS))

    def clean(self, cells: list[str]) -> NewLead:
        """The lead of a row that has as many cells as the header. Raises RowRefused."""
        cells = [*cells, ""]
        texts = [_text(cell) for cell in self._texts(cells)]
        answers = [_answer(cell) for cell in self._answers(cells)]
        state, created_at = self._where_and_when(texts[_STATE], texts[_CALL_IN_DATE])
        texts[_STATE] = state
        if county := texts[_COUNTY]:
            texts[_COUNTY] = match_county(state, county) or county
        classification = classify(dict(zip(_ANSWERS, answers, strict=True)))
        values = [*texts, *answers]
        return NewLead._make((new_id(), natural_key(values), created_at, classification, *values))

    def _where_and_when(self, state: str | None, called: str | None) -> tuple[str, datetime]:
        """The state's code and the instant of the inquiry. Raises RowRefused with everything that is wrong."""
        reasons = []
        place = STATES.get((state or "").upper())
        if place is None:
            no_state = "State is no US state, district, territory or military code"
            reasons.append(no_state if state else "State is missing")
        created_at = self._as_of
        if not called:
            reasons.append("Call In Date is missing")
        elif called[6:10] < FIRST_YEAR and looks_like_a_time(called):
            reasons.append(f"Call In Date lies before {FIRST_YEAR}")
        else:
            try:
                created_at = call_in_time(called, (place or _CAPITAL).time_zone)
            except ValueError:
                reasons.append("Call In Date is no time in the format MM-DD-YYYY HH:MM:SS")
        if created_at > self._as_of:
            reasons.append("Call In Date lies in the future")
        if place is None or reasons:
            raise RowRefused(*reasons)
        return place.code, created_at


# Both remember what they return, because most cells repeat: a batch then holds each text once.


@lru_cache(maxsize=20_000)
def _text(cell: str) -> str | None:
    return cell.strip() or None


@lru_cache(maxsize=10_000)
def _answer(cell: str) -> str | None:
    """A cell of a qualification column, where a placeholder says as little as a blank."""
    return cell.strip() if present(cell) else None


def natural_key(values: list[str | None]) -> str:
    """The digest of what makes two rows the same inquiry, as 32 hexadecimal digits; `values` in the order of FIELDS.

    Mortgage id, state and call-in time (as the clock showed it); where the mortgage id is absent, all the cells.
    """
    same = (values[_MORTGAGE_ID], values[_STATE], values[_CALL_IN_DATE]) if values[_MORTGAGE_ID] else values
    # NUL separates, since no cell can hold one. An absent cell and an empty one are the same.
    return md5("\0".join([value or "" for value in same]).encode(), usedforsecurity=False).hexdigest()
