"""Rows for COPY, put together as text: joined once per row, where a driver would convert cell by cell.

with cursor.copy(f"COPY leads (id, city) FROM STDIN {COPY_FORMAT}") as copy:
    copy.write(copy_rows([DELIMITER.join((lead.id, copy_cell(lead.city)))]))
"""

from collections.abc import Iterable

DELIMITER = "|"
"""Between cells. Unlike the tab that is PostgreSQL's default it is printable: see leads/ingestion/cleaning.py."""

COPY_FORMAT = f"(FORMAT text, DELIMITER '{DELIMITER}', NULL '', ENCODING 'UTF8')"
"""COPY's options. An empty cell is NULL: there is no way to write an empty text."""

COPY_FORMAT_WITHOUT_NULLS = COPY_FORMAT.replace("NULL ''", r"NULL '\N'")
"""For a table whose columns are never NULL: an empty cell is the empty text."""

_ESCAPES = str.maketrans({"\\": "\\\\", DELIMITER: f"\\{DELIMITER}", "\n": "\\n", "\r": "\\r"})


def copy_cell(text: str | None) -> str:
    """A text as a cell; None and the empty text are NULL. NUL and lone surrogates have no place in a database."""
    return text.translate(_ESCAPES) if text else ""


def copy_rows(rows: Iterable[str], *, before: str = "") -> bytes:
    """Rows of cells that DELIMITER joins, for `copy.write`. `before` is what each begins with."""
    return "".join([f"{before}{row}\n" for row in rows]).encode()
