"""Do-Not-Call, litigator and other lists: a column of telephone numbers, or of their SHA-256.

The column is found once for the whole file. Another cell of ten digits, such as the number of an account, would opt out
a stranger. The national Do-Not-Call register gives a number in two cells, the area code and the other seven digits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from homeshield.lib.csv_rows import rows_of_lines
from leads.contact_keys import digits
from leads.opt_outs.drop import cells_of, digest_of_base64

SAMPLE = 300
"""How many rows tell the column."""

_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_AREA, _REST = re.compile(r"[2-9]\d\d"), re.compile(r"\d{3}-?\d{4}")
_NUMBER = re.compile(r"[+(]?[\d\s().+/-]{9,24}")
_DATE = re.compile(r"(?:(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d)(?!\d).*")
_AS_DECIMAL = re.compile(r"(\+?\d{10,11})\.0+")
_NAMED = re.compile(r"phone|mobile|\bcell|\btel", re.IGNORECASE)
_NAMED_LESS = re.compile(r"number", re.IGNORECASE)
_NAMED_ID = re.compile(r"(?:^|[^a-z])id$|account|case|order", re.IGNORECASE)


class ColumnUnclear(ValueError):
    """Several columns can be the one of the numbers, and no header tells which."""


class ListEntry(NamedTuple):
    """One row, by the number of its first line. It holds a number, a digest, or neither, which is a fault."""

    line: int
    number: str | None = None
    digest: bytes | None = None


def list_read(lines: Iterable[str]) -> Iterator[ListEntry]:
    """The rows of a list, in its order: the cell in the column of the numbers counts, or a digest in any cell.

    A first line without any number or digest is a header. Empty lines are passed over. Raises ColumnUnclear.
    """
    rows = rows_of_lines(lines)
    sample = list(islice(rows, SAMPLE))
    column = _column([cells_of(row.text) for row in sample])
    for number, line in chain(sample, rows):
        cells = cells_of(line)
        if line.strip() and not (number == 1 and _is_header(cells)):
            yield _entry(number, cells, column)


def _entry(line: int, cells: list[str], column: int | None) -> ListEntry:
    for cell in cells:
        if digest := _digest(cell):
            return ListEntry(line, digest=digest)
    if column is None:
        return ListEntry(line)
    return ListEntry(line, number=_number(cells, column) or _joined(cells, column))


def _digest(cell: str) -> bytes | None:
    return bytes.fromhex(cell) if _HEX.fullmatch(cell) else digest_of_base64(cell)


def _number(cells: list[str], column: int) -> str | None:
    """The number in one cell. A spreadsheet may have made `.0` of its end; a date is none."""
    cell = cells[column] if column < len(cells) else ""
    if decimal := _AS_DECIMAL.fullmatch(cell):
        cell = decimal[1]
    return cell if _NUMBER.fullmatch(cell) and not _DATE.fullmatch(cell) and digits(cell) else None


def _joined(cells: list[str], column: int) -> str | None:
    """The number in two cells."""
    area, rest = [*cells[column : column + 2], "", ""][:2]
    return area + rest if _AREA.fullmatch(area) and _REST.fullmatch(rest) and digits(area + rest) else None


# --- The column ---


def _column(rows: list[list[str]]) -> int | None:
    """The place of the numbers, from 0; None where these lines hold none. Raises ColumnUnclear."""
    places = range(max(map(len, rows), default=0))
    held = Counter({place: sum(_number(row, place) is not None for row in rows) for place in places})
    held = +held or +Counter({place: sum(_joined(row, place) is not None for row in rows) for place in places})
    if not held:
        return None
    header = rows[0] if _is_header(rows[0]) else []
    for name in (_NAMED, _NAMED_LESS):
        named = [p for p in held if p < len(header) and name.search(header[p]) and not _NAMED_ID.search(header[p])]
        if named:
            return max(named, key=lambda place: held[place])
    most = max(held.values())
    rivals = [place for place in held if 2 * held[place] >= most]
    if len(rivals) > 1:  # numbers of accounts have no hyphens
        rivals = [place for place in rivals if 2 * _punctuated(rows, place) >= held[place]]
    if len(rivals) != 1:
        raise ColumnUnclear
    return rivals[0]


def _punctuated(rows: list[list[str]], place: int) -> int:
    return sum(not number.isdigit() for row in rows if (number := _number(row, place)))


def _is_header(cells: list[str]) -> bool:
    return not any(
        _digest(cell) or _NUMBER.fullmatch(cell) or _AS_DECIMAL.fullmatch(cell) or _joined(cells, place)
        for place, cell in enumerate(cells)
    )
