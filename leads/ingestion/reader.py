"""From physical lines to rows: the csv module, and what it takes so that a broken row harms no other.

The csv module alone would let a quote that is never closed swallow every line up to the next quote. Two things
betray such a row: it ends in an error (text after a closing quote, or no closing quote at all), or it runs over
a line that reads as a row of its own. Either way its first physical line is the broken row, and reading goes on
with the second. A quoted cell with line breaks in it does neither.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from leads.geography import STATES
from leads.ingestion.columns import Header
from leads.ingestion.errors import IngestRefused
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
                    fault = self._fault(cells, taken)
                    if cells and (fault is None or not _blank(taken)):
                        yield Row(self._line, cells, fault)
                    self._line += len(taken)
                    taken.clear()
            except (csv.Error, _QuoteLeftOpen) as error:
                first, *rest = taken
                yield Row(self._line, first.rstrip("\r\n").split(","), _QUOTING.get(str(error), _QUOTING[""]))
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
            raise IngestRefused("The header row has a quotation mark that is not closed properly.") from error
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
            if len(taken) > 1 and self._is_a_row(line):
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

    def _fault(self, cells: list[str], taken: list[str]) -> str | None:
        if len(cells) != self._width:
            return f"{len(cells)} cells where the header has {self._width}"
        unreadable = _unreadable(taken)
        return f"The row holds {unreadable}" if unreadable else None


_QUOTING = {
    "": "A quotation mark is opened and not closed on this line or a line that belongs to it",
    "',' expected after '\"'": "Text stands behind a closing quotation mark",
}


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
