"""The call-centre CSV's columns, and the header that says where a file has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leads.ingestion.errors import IngestRefused

COLUMNS: dict[str, str] = {
    "mortgage_id": "Mortage ID",  # misspelt so in the real exports
    "campaign_id": "Campaign ID",
    "type": "Type",
    "call_in_date": "Call In Date",
    "status": "Status",
    "full_name": "Full Name",
    "first_name": "First Name",
    "last_name": "Last Name",
    "co_borrower_name": "Co-Borrower Name",
    "address": "Address",
    "city": "City",
    "county": "County",
    "state": "State",
    "zip": "Zip",
    "mortgage_amount": "Mortgage Amount",
    "lender": "Lender",
    "sale_date": "Sale Date",
    "agent_id": "Agent ID",
    "call_in_phone_number": "Call In Phone Number",
    "borrower_age": "Borrower Age",
    "borrower_medical_issues": "Borrower Medical Issues",
    "borrower_tobacco_use": "Borrower Tobacco Use",
    "co_borrower": "Co-Borrower ?",
    "borrower_phone": "Borrower Phone",
    "source": "Source",
}
"""The column of each lead field, by the field's name."""

FIELDS: tuple[str, ...] = tuple(COLUMNS)
REQUIRED: tuple[str, ...] = ("state", "call_in_date")
REJECT_COLUMNS: tuple[str, ...] = ("reject_line", "reject_reason")
"""What the rejects file puts before a row. Read back they mean nothing, and are not reported as unknown."""

_FIELD_OF = {name.casefold(): field for field, name in COLUMNS.items()} | {"mortgage id": "mortgage_id"}


@dataclass(frozen=True)
class Header:
    """A file's header row. Names are compared without regard to case and surrounding blanks.

    Raises IngestRefused where a required column is missing, or where a column that is read is there twice.
    """

    names: tuple[str, ...]
    positions: dict[str, int] = field(init=False)
    unknown: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        positions: dict[str, int] = {}
        unknown: list[str] = []
        for position, name in enumerate(name.strip() for name in self.names):
            if (known := _FIELD_OF.get(name.casefold())) is None:
                if name.casefold() not in REJECT_COLUMNS:
                    unknown.append(name or f"(column {position + 1}, without a name)")
            elif known in positions:
                raise IngestRefused(
                    f'The header names the column "{COLUMNS[known]}" twice (columns {positions[known] + 1} and '
                    f"{position + 1}): remove one of them."
                )
            else:
                positions[known] = position
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "unknown", tuple(unknown))
        if missing := [f'"{COLUMNS[name]}"' for name in REQUIRED if name not in positions]:
            raise IngestRefused(_missing(missing, self.names))


def _missing(columns: Sequence[str], names: Sequence[str]) -> str:
    """Says what is missing without repeating the row: where there is no header it is somebody's data."""
    these = f"has no column {columns[0]}" if len(columns) == 1 else f"has no columns {' and '.join(columns)}"
    separator = next((mark for mark, sign in (("semicolons", ";"), ("tabs", "\t")) if sign in names[0]), None)
    hint = f", and seems to be separated by {separator}: save it with commas" if separator and len(names) == 1 else ""
    return f"The first row {these}{hint}. It must be the header row, with the call centre's column names."
