"""From physical lines to rows: the csv module, and what it takes so that a broken row harms no other.

The csv module alone would let a quote that is never closed swallow every line up to the next quote. Two things
betray such a row: it ends in an error (text after a closing quote, or no closing quote at all), or it runs over
a line that reads as a row of its own, or as the beginning of one. Either way its first physical line is the broken
row, and reading goes on with the second. A quoted cell with line breaks in it does neither.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from leads.geography import STATES
from leads.ingestion.columns import Header
from leads.ingestion.errors import IngestRefused
from leads.ingestion.source import CARRIAGE_RETURNS
from leads.ingestion.times import looks_like_a_time


class Row(NamedTuple):
    """One row: the number of its first physical line (from 1), its cells as they came, and what is wrong with it."""

    line: int
    cells: list[str]
    fault: str | None


class _QuoteLeftOpen(Exception):
    """A record runs into a line that is a row of its own."""


class Reader:
    """Reads the header at once, then the rows. Raises IngestRefused for a header that cannot be used."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()  # lines behind a broken row, to be read once more
        self._line = 1
        self.header = self._read_header()
        self._width = len(self.header.names)

    def rows(self) -> Iterator[Row]:
        """The rows after the header. Lines that are wholly blank are none."""
        taken: list[str] = []  # the physical lines of the row at hand
        while True:
            try:
                for cells in csv.reader(self._offer(taken), strict=True):
                    fits = len(cells) == self._width  # or the time alone betrays it
                    if any(self._begins_a_row(line, with_state=fits) for line in taken[1:]):
                        raise _QuoteLeftOpen
                    fault = self._fault(cells, taken)
                    if cells and (fault is None or not _blank(taken)):
                        yield Row(self._line, cells, fault)
                    self._line += len(taken)
                    taken.clear()
            except (csv.Error, _QuoteLeftOpen) as error:
                first, *rest = taken
                yield Row(self._line, _split(first.rstrip("\r\n")), _broken(error, taken))
                self._again.extendleft(reversed(rest))
                self._line += 1
                taken.clear()
            else:
                return

    def _read_header(self) -> Header:
        taken: list[str] = []
        try:
            for cells in csv.reader(self._supply(taken), strict=True):
                self._line += len(taken)
                if not _blank(taken):
                    if fault := _unreadable(taken):
                        raise IngestRefused(f'The header row holds {fault}. Save the file as "CSV UTF-8".')
                    return Header(tuple(cells))
                taken.clear()
        except csv.Error as error:
            raise IngestRefused(_no_header(error, taken)) from error
        raise IngestRefused("The file is empty: it has no header row.")

    def _supply(self, taken: list[str]) -> Iterator[str]:
        """The lines still to be read, each noted in `taken` as the csv module takes it."""
        while self._again:
            taken.append(self._again.popleft())
            yield taken[-1]
        for line in self._lines:
            taken.append(line)
            yield line

    def _offer(self, taken: list[str]) -> Iterator[str]:
        """The same, but stops a row from running over another."""
        for line in self._supply(taken):
            if len(taken) > 1 and (self._is_a_row(line) or (_left_open(line) and self._begins_a_row(line))):
                raise _QuoteLeftOpen
            yield line

    def _is_a_row(self, line: str) -> bool:
        """Whether a line is a complete row by itself: not a part of an address, say, that happens to hold commas."""
        if line.count('"') % 2:
            return False
        try:
            [cells] = csv.reader([line], strict=True)
        except csv.Error:
            return False
        if len(cells) != self._width:
            return False
        state, called = (cells[self.header.positions[name]].strip() for name in ("state", "call_in_date"))
        return state.upper() in STATES or looks_like_a_time(called)

    def _begins_a_row(self, line: str, *, with_state: bool = False) -> bool:
        """Whether a line reads as a row up to its call-in time (and its state), whatever comes then.

        A line that ends a quoted cell does not: the quotation mark stands before them.
        """
        time, state = (self.header.positions[name] for name in ("call_in_date", "state"))
        needed = max(time, state if with_state else 0) + 1
        cells = next(csv.reader([line]), [])[:needed]
        return (
            len(cells) == needed
            and looks_like_a_time(cells[time].strip())
            and (not with_state or cells[state].strip().upper() in STATES)
            and not any('"' in cell for cell in cells)
        )

    def _fault(self, cells: list[str], taken: list[str]) -> str | None:
        if len(cells) != self._width:
            return f"{len(cells)} cells where the header has {self._width}"
        unreadable = _unreadable(taken)
        return f"The row holds {unreadable}" if unreadable else None


def _left_open(line: str) -> bool:
    """Whether a quoted cell that begins on a line does not end on it."""
    if line.count('"') % 2 == 0:
        return False
    try:
        list(csv.reader([line], strict=True))
    except csv.Error as error:
        return str(error).startswith(_NO_END)
    return False


# How the csv module's own messages begin; it has no other way to tell its errors apart.
_RETURN, _BEHIND, _TOO_LONG = "new-line character", "',' expected", "field larger than"
_NO_END = "unexpected end of data"
_NOT_CLOSED = "A quotation mark is opened and not closed on this line or a line that belongs to it"


def _broken(error: Exception, taken: list[str]) -> str:
    """What is wrong with the first of these lines."""
    said = str(error)
    if said.startswith(_BEHIND):
        return "Text stands behind a closing quotation mark"
    if said.startswith(_RETURN):
        return "A carriage return stands in a cell that has no quotation marks"
    if said.startswith(_TOO_LONG) and len(taken) == 1:  # over several lines it is what an open quotation mark took
        return f"A cell is longer than {csv.field_size_limit():,} characters"
    return _NOT_CLOSED


def _no_header(error: csv.Error, taken: list[str]) -> str:
    """Why these lines are no header row."""
    if unreadable := _unreadable(taken):
        return f'The header row holds {unreadable}. Save the file as "CSV UTF-8".'
    if str(error).startswith(_RETURN):
        return CARRIAGE_RETURNS
    if str(error).startswith(_TOO_LONG) and len(taken) == 1:
        return f"The header row has a cell of more than {csv.field_size_limit():,} characters: this is no CSV file."
    return "The header row has a quotation mark that is not closed properly."


_WELL_QUOTED = r'"(?:[^"]|"")*+"(?=,|\Z)'
_CELL = re.compile(rf"({_WELL_QUOTED})|[^,]*")


def _split(line: str) -> list[str]:
    """The cells of a line with broken quotes: a cell that is quoted well is one, all else goes from comma to comma."""
    cells, end = [], -1
    while end < len(line):
        found = _CELL.match(line, end + 1)
        assert found  # it may be empty
        quoted = found[1]
        cells.append(quoted[1:-1].replace('""', '"') if quoted else found[0])
        end = found.end()
    return cells


def _blank(taken: list[str]) -> bool:
    return not any(line.strip() for line in taken)


def _unreadable(taken: list[str]) -> str | None:
    """What in these lines is no text. Undecodable bytes come as lone surrogates, which UTF-8 cannot encode."""
    for line in taken:
        if "\0" in line:
            return "a NUL byte"
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError:
                return "bytes that are not UTF-8"
    return None
