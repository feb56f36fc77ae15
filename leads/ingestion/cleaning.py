"""Turns a row's cells into a lead."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import md5
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from homeshield.lib.copying import DELIMITER, copy_cell
from homeshield.lib.ids import new_id_text
from leads.classification import QUALIFICATION_FIELDS, Classification, classify, present
from leads.contact_keys import lead_keys
from leads.geography import STATES, match_county
from leads.ingestion.columns import COLUMNS, FIELDS, Header
from leads.ingestion.times import call_in_time, looks_like_a_time
from leads.lengths import LONGEST, LONGEST_PLACE, longest


class Home(NamedTuple):
    """`cells` are state and county for COPY."""

    state: str
    county: str | None
    is_on_the_list: bool
    time_zone: ZoneInfo
    cells: str


class NewLead(NamedTuple):
    """A lead and its row for COPY_COLUMNS.

    Text, because converting each value in the driver takes twice as long.
    """

    id: str
    natural_key: str
    created_at_utc: datetime
    classification: Classification
    place: Home
    phone_key: str
    call_in_key: str
    row: str


class RowRefused(Exception):
    """The arguments are all the reasons, so that one correction suffices."""


_PLACE = ("state", "county")
_TEXTS = tuple(name for name in FIELDS if name not in {*QUALIFICATION_FIELDS, *_PLACE})
_ANSWERS = tuple(name for name in FIELDS if name in QUALIFICATION_FIELDS)
_CALL_IN_DATE, _MORTGAGE_ID, _CITY, _ZIP = map(_TEXTS.index, ("call_in_date", "mortgage_id", "city", "zip"))
_CALL_IN_PHONE, _BORROWER_PHONE = _TEXTS.index("call_in_phone_number"), _ANSWERS.index("borrower_phone")
COPY_COLUMNS = (
    *("id", "natural_key", "created_at_utc", "classification", "phone_key", "call_in_key"),
    *(*_PLACE, *_TEXTS, *_ANSWERS),
)
FIRST_YEAR = "1900"  # earlier ones are typos: 0025 for 2025
_CAPITAL = STATES["DC"]  # checks times where the state is unknown


class Cleaner:
    """Refuses inquiries after `as_of`."""

    def __init__(self, header: Header, *, as_of: datetime) -> None:
        self._as_of = as_of
        # A missing column reads the blank that clean() appends.
        self._place, self._texts, self._answers = (
            itemgetter(*(header.positions.get(name, -1) for name in names)) for names in (_PLACE, _TEXTS, _ANSWERS)
        )

    def clean(self, cells: list[str]) -> NewLead:
        """Expects as many cells as the header has. Raises RowRefused."""
        cells = [*cells, ""]
        texts = self._texts(cells)
        answers = [_ANSWER[cell] for cell in self._answers(cells)]
        joined = DELIMITER.join((*texts, *answers))
        if not _is_tidy(joined) or "  " in texts[_CITY]:
            texts = [cell.strip() for cell in texts]
            texts[_CITY] = _on_one_line(texts[_CITY])
            joined = DELIMITER.join([copy_cell(text) for text in (*texts, *answers)])
        state, county = self._place(cells)
        too_long: list[str] = []
        if (  # checking each cell would take a tenth of the time
            len(joined) > LONGEST
            or len(texts[_CITY]) > LONGEST_PLACE
            or len(texts[_ZIP]) > LONGEST_PLACE
            or len(state) + len(county) > LONGEST_PLACE
        ):
            state, county = state.strip()[:LONGEST_PLACE], _on_one_line(county)
            too_long = _too_long(dict(zip((*_TEXTS, *_ANSWERS, "county"), (*texts, *answers, county), strict=True)))
            county = county[:LONGEST_PLACE]
        place, created_at = self._where_and_when(state, county, texts[_CALL_IN_DATE], too_long)
        lead_id, classification = new_id_text(), _classification(*map(bool, answers))
        same = natural_key(texts, place, answers)
        keys = lead_keys(answers[_BORROWER_PHONE], texts[_CALL_IN_PHONE])
        row = DELIMITER.join((lead_id, same, created_at.isoformat(), classification, *keys, place.cells, joined))
        return NewLead(lead_id, same, created_at, classification, place, *keys, row)

    def _where_and_when(self, state: str, county: str, called: str, too_long: Sequence[str]) -> tuple[Home, datetime]:
        """Raises RowRefused with everything that is wrong with the row."""
        reasons = []
        place = _place(state, county)
        if place is None:
            no_state = "State is not a US state, district, territory or military code"
            reasons.append(no_state if state.strip() else "State is missing")
        created_at = self._as_of
        if not called:
            reasons.append("Call In Date is missing")
        elif called[6:10] < FIRST_YEAR and looks_like_a_time(called):
            reasons.append(f"Call In Date lies before {FIRST_YEAR}")
        else:
            try:
                created_at = call_in_time(called, (place or _CAPITAL).time_zone)
            except ValueError:
                reasons.append("Call In Date is not a time in the format MM-DD-YYYY HH:MM:SS")
        if created_at > self._as_of:
            reasons.append("Call In Date lies in the future")
        reasons += too_long
        if place is None or reasons:
            raise RowRefused(*reasons)
        return place, created_at


def _is_tidy(joined: str) -> bool:
    """Whether no cell has outer blanks or needs escaping for COPY. The space is the only printable blank."""
    return (
        joined.isprintable()
        and joined.count(DELIMITER) == _DELIMITERS
        and f" {DELIMITER}" not in joined
        and f"{DELIMITER} " not in joined
        and "\\" not in joined
        and not joined.startswith(" ")  # the last cell is an answer, already trimmed
    )


_DELIMITERS = len(_TEXTS) + len(_ANSWERS) - 1


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _too_long(lead: Mapping[str, str]) -> list[str]:
    limits = ((name, text, longest(name)) for name, text in lead.items())
    return [f"{COLUMNS[name]} is longer than {most:,} characters" for name, text, most in limits if len(text) > most]


# Cached, because most cells repeat.


@lru_cache(maxsize=20_000)
def _place(state: str, county: str) -> Home | None:
    """None if the state is unknown."""
    if (known := STATES.get(state.strip().upper())) is None:
        return None
    written = _on_one_line(county) or None
    listed = match_county(known.code, written) if written else None
    found = listed or written
    return Home(known.code, found, listed == found, known.time_zone, f"{known.code}{DELIMITER}{copy_cell(found)}")


class _Answers(dict[str, str]):
    """What a qualification cell says; empty if nothing. A dict takes half as long as lru_cache, six times a row."""

    def __missing__(self, cell: str) -> str:
        answer = cell.strip() if present(cell) else ""
        if len(cell) <= LONGEST_PLACE:  # long cells could fill the memory
            if len(self) >= _ANSWERS_KEPT:
                self.clear()
            self[cell] = answer
        return answer


_ANSWERS_KEPT = 10_000
_ANSWER = _Answers()


@lru_cache
def _classification(*answered: bool) -> Classification:
    """Depends only on which answers are present."""
    return classify({name: "present" for name, is_there in zip(_ANSWERS, answered, strict=True) if is_there})


def natural_key(texts: Sequence[str], place: Home, answers: Sequence[str]) -> str:
    """A hex digest of mortgage id, state and local call-in time; without a mortgage id, of all other cells.

    Two rows with the same key are the same inquiry.
    """
    mortgage_id = texts[_MORTGAGE_ID]
    if mortgage_id.isdecimal() or present(mortgage_id):  # nearly all are numbers, a quick check
        same = f"{mortgage_id}\0{place.state}\0{texts[_CALL_IN_DATE]}"  # no cell can hold NUL
    else:
        others = (text for number, text in enumerate(texts) if number != _MORTGAGE_ID)
        same = "\0".join((place.state, place.county or "", "", *others, *answers))
    return md5(same.encode(), usedforsecurity=False).hexdigest()
