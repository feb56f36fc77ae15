"""What a buyer sees of a lead before purchase (docs/decisions/0026). The view gives no more, so no page can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from homeshield.lib.replica import reading_connection
from homeshield.lib.table_rules import OwnerView

SHOWN_BEFORE_PURCHASE = ("first_name", "city")
"""Besides class, age, state and county, on pages and by the API (contract, "Lead"; api-v1)."""

LOAN_STEP, LOAN_MOST = 50_000, 1_000_000
"""Bands of the loan amount, in USD. All from LOAN_MOST on are one: few loans are that large."""

SOURCES = (
    *("CALL", "CHAT", "DIRECT MAIL", "EMAIL", "FORM", "IVR", "LANDING PAGE", "MAIL", "PHONE", "RADIO", "REFERRAL"),
    *("SMS", "SOCIAL", "TEXT", "TV", "WEB", "WEBSITE"),
)
OTHER = "OTHER"
"""In place of every other source: files hold free text, where a call center may have written a name or a number."""

_GLANCED = {
    "called_on": "substring(call_in_date FROM '^[0-9]{2}-[0-9]{2}-[0-9]{4}')",
    "loan_from": f"""
        CASE WHEN mortgage_amount ~ '^[$]? ?[0-9]{{1,3}}(,?[0-9]{{3}}){{0,2}}([.][0-9]{{1,2}})?$'
        THEN least(div(translate(mortgage_amount, '$, ', '')::numeric, {LOAN_STEP}) * {LOAN_STEP}, {LOAN_MOST})::integer
        END""",
    "source": f"""
        CASE WHEN upper(source) IN ({", ".join(f"'{source}'" for source in SOURCES)}) THEN upper(source)
             WHEN source <> '' THEN '{OTHER}' END""",
}
"""Columns of the view, made there: neither the minute of the call nor the amount nor a text leaves the table."""

_COLUMNS = [*SHOWN_BEFORE_PURCHASE, *(f"{sql} AS {name}" for name, sql in _GLANCED.items())]

LEAD_PREVIEWS = OwnerView("lead_previews", f"SELECT id, {', '.join(_COLUMNS)} FROM leads")  # noqa: S608 - ours

SHOWN = f"SELECT id, {', '.join(SHOWN_BEFORE_PURCHASE)} FROM lead_previews WHERE id = ANY (%s)"  # noqa: S608
"""Separate from the list, because a join would tempt PostgreSQL away from the indexes."""

_GLIMPSES = f"SELECT id, {', '.join(_GLANCED)} FROM lead_previews WHERE id = ANY (%s)"  # noqa: S608


@dataclass(frozen=True, slots=True, repr=False)  # keeps it out of logs
class Glimpse:
    """What pages show beside SHOWN_BEFORE_PURCHASE. None where it is not known, or the lead was erased.

    `called_on` is the day of the call where the caller was. `loan_from` is the lower end of the band, in USD. `source`
    is one of SOURCES, or OTHER.
    """

    called_on: date | None
    loan_from: int | None
    source: str | None


def glimpses_of(lead_ids: Sequence[UUID]) -> Mapping[UUID, Glimpse]:
    """Reads all of them in one statement. Count them as shown first (homeshield/accounts/previews.py)."""
    with reading_connection().cursor() as cursor:
        cursor.execute(_GLIMPSES, [[*lead_ids]])
        return {key: Glimpse(_day(called), loan, source) for key, called, loan, source in cursor.fetchall()}


def loan_label(loan_from: int) -> str:
    """`under $50,000`, `$100,000–149,999`, `$1,000,000 or more`"""
    if loan_from >= LOAN_MOST:
        return f"${LOAN_MOST:,} or more"
    return f"${loan_from:,}–{loan_from + LOAN_STEP - 1:,}" if loan_from else f"under ${LOAN_STEP:,}"


def _day(text: str | None) -> date | None:
    """Of `MM-DD-YYYY`; None for a day that the calendar does not have, which no load brings in."""
    try:
        month, day, year = map(int, (text or "").split("-"))
        return date(year, month, day)
    except ValueError:
        return None
