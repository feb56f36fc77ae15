"""Turns physical lines into rows, so that a broken row harms no other.

The csv module lets an unclosed quote swallow every line up to the next quote. A row is broken if
- it ends in an error: text after a closing quote, or no closing quote;
- it runs over a line that reads as a row or as the beginning of one;
- its first line is a whole row but for the quote; or
- a good row begins on its last line.
Then its first line is rejected, and reading resumes with the second.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from leads.geography import STATES
from leads.ingestion.columns import Header
from leads.ingestion.encodings import Encoding
from leads.ingestion.errors import IngestRefused
from leads.ingestion.source import LONGEST_LINE, is_cut
from leads.ingestion.times import looks_like_a_time
from leads.lengths import LONGEST


class Row(NamedTuple):
    """`line` is the number of its first physical line, from 1."""

    line: int
    cells: list[str]
    fault: str | None


class _QuoteLeftOpen(Exception):
    """A record runs into another row, or never ends."""


class Reader:
    """Raises IngestRefused for an unusable header. `may_lack` names lead fields whose columns may be missing."""

    def __init__(
        self, lines: Iterator[str], *, may_lack: frozenset[str] = frozenset(), encoding: Encoding | None = None
    ) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._line = 1
        self._single_until = 0  # rows before this line have one line each
        self.encoding = encoding or Encoding()
        self.header = self._read_header(may_lack)
        self._width = len(self.header.names)
        self._others = sorted(set(range(self._width)) - set(self.header.positions.values()))
        self._state, self._time = (self.header.positions[name] for name in ("state", "call_in_date"))

    def rows(self) -> Iterator[Row]:
        """Skips blank lines."""
        taken: list[str] = []  # the current row's physical lines
        while True:
            try:
                for cells in csv.reader(self._offer(taken), strict=True):
                    if len(taken) > 1 and self._took_another(cells, taken):
                        raise _QuoteLeftOpen
                    fault = self._fault(cells, taken)
                    if cells and (fault is None or not _blank(taken)):
                        yield Row(self._line, cells, fault)
                    self._line += len(taken)
                    taken.clear()
            except (csv.Error, _QuoteLeftOpen) as error:
                first, *rest = taken
                self.encoding.unreadable([first])
                yield Row(self._line, _split(first.rstrip("\r\n")), _broken(error, taken))
                self._again.extendleft(reversed(rest))
                # No line but the last can begin a good row of several lines: its open quote would have closed ours.
                # So we try each only once.
                self._single_until = max(self._single_until, self._line + len(rest))
                self._line += 1
                taken.clear()
            else:
                return

    def _read_header(self, may_lack: frozenset[str]) -> Header:
        taken: list[str] = []
        try:
            for cells in csv.reader(self._supply(taken), strict=True):
                self._line += len(taken)
                if is_cut(taken[0]):
                    raise IngestRefused(reason=_HEADER_TOO_LONG)
                if not _blank(taken):
                    if fault := self.encoding.unreadable(taken):
                        raise IngestRefused(reason=_unreadable_header(fault, self.encoding))
                    return Header(tuple(cells), may_lack)
                taken.clear()
        except csv.Error as error:
            raise IngestRefused(reason=_no_header(error, taken, self.encoding)) from error
        raise IngestRefused(reason="The file is empty: it has no header row.")

    def _supply(self, taken: list[str]) -> Iterator[str]:
        """Appends to `taken` what the csv module takes."""
        again, lines = self._again, self._lines
        while True:
            while again:
                taken.append(again.popleft())
                yield taken[-1]
            for line in lines:
                taken.append(line)
                yield line
                if again:
                    break
            else:
                if not again:
                    return

    def _offer(self, taken: list[str]) -> Iterator[str]:
        """Stops a row from running over another or filling the memory."""
        size = 0
        for line in self._supply(taken):
            if len(taken) > 1:
                size += len(line)
                if (
                    self._line < self._single_until
                    or size > LONGEST_LINE
                    or self._is_a_row(line)
                    or (_left_open(line) and self._begins_a_row(line))
                ):
                    raise _QuoteLeftOpen
            elif is_cut(line):
                raise _QuoteLeftOpen
            yield line

    def _took_another(self, cells: list[str], taken: list[str]) -> bool:
        """Whether a record swallowed other rows."""
        fits = len(cells) == self._width  # otherwise the time is proof enough
        return (
            any(self._begins_a_row(line, with_state=fits) for line in taken[1:])
            or self._is_a_row_but_for_its_quote(taken[0])
            or (self._reads_ahead(taken[-1:]) and not self._is_better_than_what_its_last_line_begins(cells, taken))
        )

    def _is_better_than_what_its_last_line_begins(self, cells: list[str], taken: list[str]) -> bool:
        """Whether the record is right, not the good row that seems to begin on its last line.

        It must be good, and have more cells on its last line or a good row after it.
        """
        return self._is_good(cells) and _is_well_quoted(taken) and ("\n" not in cells[-1] or self._reads_ahead([]))

    def _reads_ahead(self, begun: list[str]) -> bool:
        """Whether a good row comes next, beginning with `begun`. Lines read ahead are read again."""
        if begun and not _left_open(begun[0]):
            return False
        taken = begun.copy()
        try:
            cells = next(csv.reader(chain(begun, self._offer(taken)), strict=True), [])
            return (
                self._is_good(cells)
                and _is_well_quoted(taken)
                and not any(self._begins_a_row(line, with_state=True) for line in taken[1:])
                and not (len(taken) > 1 and self._is_a_row_but_for_its_quote(taken[0]))
            )
        except (csv.Error, _QuoteLeftOpen):
            return False
        finally:
            self._again.extendleft(reversed(taken[len(begun) :]))

    def _is_good(self, cells: list[str]) -> bool:
        return (
            len(cells) == self._width
            and cells[self._state].strip(" \t").upper() in STATES
            and looks_like_a_time(cells[self._time].strip(" \t"))
        )

    def _is_a_row(self, line: str) -> bool:
        """Whether a line is a row by itself, not part of an address with commas, say."""
        if line.count('"') % 2:
            return False
        try:
            [cells] = csv.reader([line], strict=True)
        except csv.Error:
            return False
        return len(cells) == self._width and (
            cells[self._state].strip().upper() in STATES or looks_like_a_time(cells[self._time].strip())
        )

    def _is_a_row_but_for_its_quote(self, line: str) -> bool:
        """The unclosed cell may contain commas, so we count the cells after it from the end."""
        cells = _split(line.rstrip("\r\n"))
        opened = _open_cell(line.rstrip("\r\n"))
        more = len(cells) - self._width
        if more < 0 or max(self._state, self._time) < opened:
            return False
        state, time = (
            cells[place + more if place > opened else place].strip('" \t') for place in (self._state, self._time)
        )
        return state.upper() in STATES and looks_like_a_time(time)

    def _begins_a_row(self, line: str, *, with_state: bool = False) -> bool:
        """Whether a line reads as a row up to its call-in time (and state)."""
        time, state = self._time, self._state
        needed = max(time, state if with_state else 0) + 1
        cells = next(csv.reader([line]), [])[:needed]
        return (
            len(cells) == needed
            and looks_like_a_time(cells[time].strip())
            and (not with_state or cells[state].strip().upper() in STATES)
            and not any('"' in cell for cell in cells)
        )

    def _fault(self, cells: list[str], taken: list[str]) -> str | None:
        unreadable = self.encoding.unreadable(taken)
        if len(cells) != self._width:
            return f"{len(cells)} cells where the header has {self._width}"
        if unreadable:
            return f"The row holds {unreadable}"
        if self._others and (len(taken) > 1 or len(taken[0]) > LONGEST):
            for place in self._others:
                if len(cells[place]) > LONGEST:
                    return f"A cell of an unknown column is longer than {LONGEST:,} characters"
        return None


def _left_open(line: str) -> bool:
    if line.count('"') % 2 == 0:
        return False
    try:
        list(csv.reader([line], strict=True))
    except csv.Error as error:
        return str(error).startswith(_NO_END)
    return False


# Only their messages distinguish the csv module's errors.
_RETURN, _BEHIND, _TOO_LONG = "new-line character", "',' expected", "field larger than"
_NO_END = "unexpected end of data"
_NOT_CLOSED = "A quotation mark is opened and not closed on this line or a line that belongs to it"
_CELL_TOO_LONG = f"A cell is longer than {LONGEST:,} characters"
_HEADER_TOO_LONG = f"The header row has more than {LONGEST_LINE:,} characters: this is not a CSV file."


def _broken(error: Exception, taken: list[str]) -> str:
    said = str(error)
    if is_cut(taken[0]):
        return f"The line is longer than {LONGEST_LINE:,} characters, which is where it is cut off here"
    if said.startswith(_BEHIND):
        return "Text stands behind a closing quotation mark"
    if said.startswith(_RETURN):
        return "A carriage return stands in a cell that has no quotation marks"
    if said.startswith(_TOO_LONG) and len(taken) == 1:  # over several lines, an open quote is to blame
        return _CELL_TOO_LONG
    return _NOT_CLOSED


def _no_header(error: csv.Error, taken: list[str], encoding: Encoding) -> str:
    if unreadable := encoding.unreadable(taken):
        return _unreadable_header(unreadable, encoding)
    if str(error).startswith(_RETURN):
        return (
            "The lines end in carriage returns without line feeds: save the file with the line ends of Windows or Unix."
        )
    if str(error).startswith(_TOO_LONG) and len(taken) == 1:
        return f"The header row has a cell of more than {csv.field_size_limit():,} characters: this is not a CSV file."
    return "The header row has a quotation mark that is not closed properly."


def _unreadable_header(fault: str, encoding: Encoding) -> str:
    hint = (
        f"It looks like {encoding.likelier}: load it with --encoding {encoding.likelier}, or s"
        if encoding.likelier
        else "S"
    )
    return f'The header row holds {fault}. {hint}ave the file as "CSV UTF-8".'


_WELL_QUOTED = r'"(?:[^"]|"")*+"(?=,|\Z)'
_CELL = re.compile(rf"({_WELL_QUOTED})|[^,]*")


def _split(line: str) -> list[str]:
    """For lines with broken quotes: commas divide all but well-quoted cells."""
    return [found[1][1:-1].replace('""', '"') if found[1] else found[0] for found in _matches(line)]


def _open_cell(line: str) -> int:
    """The place of the first unclosed cell; the number of cells if there is none."""
    cells = list(_matches(line))
    return next((place for place, found in enumerate(cells) if found[0].startswith('"') and not found[1]), len(cells))


def _matches(line: str) -> Iterator[re.Match[str]]:
    end = -1
    while end < len(line):
        found = _CELL.match(line, end + 1)
        assert found  # may be empty
        yield found
        end = found.end()


_WELL_QUOTED_LINE = re.compile(rf"(?:{_WELL_QUOTED}|[^,\"]*+)(?:,(?:{_WELL_QUOTED}|[^,\"]*+))*+")


def _is_well_quoted(taken: list[str]) -> bool:
    """Whether all quotes surround cells or are doubled."""
    return _WELL_QUOTED_LINE.fullmatch("".join(taken).rstrip("\r\n")) is not None


def _blank(taken: list[str]) -> bool:
    return not any(line.strip() for line in taken)
