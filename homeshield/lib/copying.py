"""Rows for COPY as text, joined per row, where psycopg would convert each cell.

with cursor.copy(f"COPY leads (id, city) FROM STDIN {COPY_FORMAT}") as copy:
    copy.write(copy_rows([DELIMITER.join((lead.id, copy_cell(lead.city)))]))
"""

from collections.abc import Iterable

DELIMITER = "|"
"""Printable, unlike a tab: see leads/ingestion/cleaning.py."""

COPY_FORMAT = f"(FORMAT text, DELIMITER '{DELIMITER}', NULL '', ENCODING 'UTF8')"
"""An empty cell is NULL."""

COPY_FORMAT_WITHOUT_NULLS = COPY_FORMAT.replace("NULL ''", r"NULL '\N'")
"""An empty cell is the empty text."""

_ESCAPES = str.maketrans({"\\": "\\\\", DELIMITER: f"\\{DELIMITER}", "\n": "\\n", "\r": "\\r"})


def copy_cell(text: str | None) -> str:
    """None and the empty text become the empty cell. The text must not hold NUL or lone surrogates."""
    return text.translate(_ESCAPES) if text else ""


def copy_rows(rows: Iterable[str], *, before: str = "") -> bytes:
    """For `copy.write`. `before` begins each row."""
    return "".join([f"{before}{row}\n" for row in rows]).encode()
