"""Columns and header of a call-center CSV."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from leads.classification import QUALIFICATION_FIELDS
from leads.ingestion.column_names import folded, near_misses
from leads.ingestion.errors import IngestRefused

COLUMNS: dict[str, str] = {
    "mortgage_id": "Mortage ID",  # misspelled in real exports
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
"""By lead field."""

FIELDS: tuple[str, ...] = tuple(COLUMNS)
REQUIRED: tuple[str, ...] = ("state", "call_in_date")
EXPECTED: tuple[str, ...] = ("mortgage_id", *QUALIFICATION_FIELDS)
"""Refused if missing, unless in `may_lack`. Without a mortgage ID people would be loaded and sold twice; without one of
the others no lead would be Gold."""
REJECT_COLUMNS: tuple[str, ...] = ("reject_line", "reject_reason")
"""The rejects file adds these. A reload ignores them."""

_FIELD_OF = {folded(name): field for field, name in COLUMNS.items()} | {folded("Mortgage ID"): "mortgage_id"}
_REJECT_COLUMNS = frozenset(map(folded, REJECT_COLUMNS))
_SHOWN = 100
"""Characters of an unknown name that messages repeat."""


def is_reject_column(name: str) -> bool:
    """Whether only rejects files have the column."""
    return folded(name) in _REJECT_COLUMNS


def fields_named(names: Iterable[str]) -> frozenset[str]:
    """The lead fields of columns that may be missing. Raises IngestRefused for any other name."""
    fields = set()
    for name in names:
        if (known := _FIELD_OF.get(folded(name))) is None:
            near = near_misses(name, COLUMNS.values())
            hint = f"Did you mean {_listed(near, 'or')}?" if near else f"It can be {_listed(_names(EXPECTED), 'or')}."
            raise IngestRefused(reason=f'--allow-missing: there is no column "{name}". {hint}')
        if known in REQUIRED:
            raise IngestRefused(
                reason=f'--allow-missing: the column "{COLUMNS[known]}" cannot be missing: every row needs it.'
            )
        fields.add(known)
    return frozenset(fields)


@dataclass(frozen=True)
class Header:
    """A file's header row, matched by `folded` names.

    Raises IngestRefused if a column occurs twice or is missing and needed; `may_lack` names fields that may be missing.
    """

    names: tuple[str, ...]
    may_lack: frozenset[str] = frozenset()
    positions: dict[str, int] = field(init=False)
    unknown: tuple[str, ...] = field(init=False)
    missing: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        positions: dict[str, int] = {}
        unknown: list[str] = []
        for position, name in enumerate(self.names):
            if (known := _FIELD_OF.get(folded(name))) is None:
                if not is_reject_column(name):
                    unknown.append(_shown(name) or f"(column {position + 1}, without a name)")
            elif known in positions:
                raise IngestRefused(
                    reason=f'The header names the column "{COLUMNS[known]}" twice (columns {positions[known] + 1} and '
                    f"{position + 1}). Remove one of them."
                )
            else:
                positions[known] = position
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "unknown", tuple(unknown))
        object.__setattr__(self, "missing", _names(name for name in FIELDS if name not in positions))
        if lacking := [name for name in REQUIRED if name not in positions]:
            raise IngestRefused(reason=_no_header(lacking, self))
        if lacking := [name for name in EXPECTED if name not in positions and name not in self.may_lack]:
            raise IngestRefused(reason=_lacking(lacking, self))


_SURELY_A_HEADER = 3
"""Known columns that prove a header row. Any other row may be personal data."""


def _no_header(lacking: list[str], header: Header) -> str:
    """Does not repeat the row: it may be personal data."""
    names = header.names
    separator = next((mark for mark, sign in (("semicolons", ";"), ("tabs", "\t")) if sign in names[0]), None)
    hint = f", and seems to be separated by {separator}: save it with commas" if separator and len(names) == 1 else ""
    near = _near_misses(lacking, header) if len(header.positions) >= _SURELY_A_HEADER else ""
    mending = near or "It must be the header row, with the call center's column names."
    return f"The first row has no {_columns(lacking)}{hint}. {mending}"


def _lacking(lacking: list[str], header: Header) -> str:
    near = _near_misses(lacking, header)
    options = " ".join(f'--allow-missing "{name}"' for name in _names(lacking))
    return (
        f"The file has no {_columns(lacking)}. {near}{' ' if near else ''}Correct the header row; "
        f"or, if the file is meant to be so, load it with {options}."
    )


def _near_misses(lacking: list[str], header: Header) -> str:
    found = ((COLUMNS[field], near_misses(COLUMNS[field], header.unknown)) for field in lacking)
    return " ".join(f'{_listed(near, "or")} may be meant for "{column}".' for column, near in found if near)


def _columns(fields: list[str]) -> str:
    return f"{'column' if len(fields) == 1 else 'columns'} {_listed(_names(fields), 'and')}"


def _names(fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(COLUMNS[name] for name in fields)


def _listed(names: Iterable[str], word: str) -> str:
    *some, last = (f'"{name}"' for name in names)
    return f"{', '.join(some)} {word} {last}" if some else last


def _shown(name: str) -> str:
    seen = name.strip() if folded(name) or any(character.isprintable() for character in name.strip()) else ""
    return seen if len(seen) <= _SHOWN else f"{seen[:_SHOWN]}…"
