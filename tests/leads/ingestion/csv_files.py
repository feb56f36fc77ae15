"""Call-centre CSVs of fictional people, for tests."""

import csv
import io
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from leads.ingestion.columns import COLUMNS

GOLD: dict[str, str] = {
    "Mortage ID": "00041",
    "Campaign ID": "WK060225A",
    "Type": "NEW MTG",
    "Call In Date": "01-15-2026 12:00:00",
    "Status": "NEW",
    "Full Name": "Ada Fontenot",
    "First Name": "Ada",
    "Last Name": "Fontenot",
    "Co-Borrower Name": "HUGO FONTENOT",
    "Address": "12 Oak St",
    "City": "Pecanville",
    "County": "Caddo",
    "State": "LA",
    "Zip": "71118-2401",
    "Mortgage Amount": "$132,550",
    "Lender": "FIRST EXAMPLE BANK",
    "Sale Date": "3/6/2023",
    "Agent ID": "1001",
    "Call In Phone Number": "3181000101",
    "Borrower Age": "51",
    "Borrower Medical Issues": "No",
    "Borrower Tobacco Use": "No",
    "Co-Borrower ?": "Yes",
    "Borrower Phone": "3181000102",
    "Source": "CALL",
}
"""The cells of a Gold lead, in the order of the real exports."""

HEADER = list(COLUMNS.values())


def row(**cells: str) -> list[str]:
    """GOLD's cells with others in their place; a name is the column's field: `state="TX"`."""
    return list((GOLD | _phones(cells) | {COLUMNS[field]: cell for field, cell in cells.items()}).values())


def _phones(cells: dict[str, str]) -> dict[str, str]:
    """Another mortgage is another person's."""
    mortgage = cells.get("mortgage_id", "")
    if not mortgage.isdecimal() or mortgage == GOLD["Mortage ID"]:
        return {}
    own = crc32(mortgage.encode(errors="surrogateescape")) % 500_000
    return {"Call In Phone Number": f"3181{2 * own:06d}", "Borrower Phone": f"3181{2 * own + 1:06d}"}


def csv_bytes(*rows: Iterable[Any], header: Iterable[str] | None = HEADER) -> bytes:
    """A well-formed file of these rows. Lines end with CRLF: else Python 3.12 leaves a cell's own CR without quotes."""
    out = io.StringIO()
    csv.writer(out).writerows([*([header] if header else []), *rows])
    return out.getvalue().encode()
