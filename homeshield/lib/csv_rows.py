"""Lines of a CSV, put together to rows where a quoted cell holds line breaks.

For lists whose layout nobody knows beforehand: any of DELIMITERS may separate the cells. A quotation mark that is never
closed must not swallow the lines after it. So a row has LONGEST_ROW lines at most, and its quotation marks surround
cells or are doubled. What is no such row is read line by line.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

DELIMITERS = ",;\t|"

LONGEST_ROW = 20
"""Lines."""

LONGEST_TEXT = 20_000
"""Characters of a row of several lines."""

_QUOTED = r'"(?:[^"]|"")*+'
_CLOSED = re.compile(rf'(^|[{DELIMITERS}]){_QUOTED}"(?=[{DELIMITERS}]|\Z)')
_OPEN = re.compile(rf"(?:^|[{DELIMITERS}]){_QUOTED}\Z")


class Row(NamedTuple):
    """`line` is the number of its first line, from 1. `text` is without the last line end."""

    line: int
    text: str


class RowsOfLines:
    """Takes physical lines, each without its line end, and gives rows. `end` gives what is left."""

    def __init__(self) -> None:
        self._held: list[Row] = []
        self._size = 0

    def is_whole(self, text: str) -> bool:
        """Whether the next line is a row by itself at first sight: then it need not be fed, which saves time."""
        return not self._held and not text.count('"') % 2

    def feed(self, line: int, text: str) -> Iterable[Row]:
        """The rows that end with this line: most often the line itself."""
        is_odd = text.count('"') % 2
        if not self._held:
            if is_odd and _OPEN.search(_CLOSED.sub(r"\1", text)):
                self._hold(line, text)
                return ()
            return (Row(line, text),)
        self._hold(line, text)
        if is_odd:  # it closes the cell, if it is one
            whole = "\n".join(row.text for row in self._held)
            return self._first_alone() if '"' in _CLOSED.sub(r"\1", whole) else (Row(self._let_go()[0].line, whole),)
        is_too_long = len(self._held) >= LONGEST_ROW or self._size > LONGEST_TEXT
        return self._first_alone() if is_too_long else ()

    def end(self) -> Iterator[Row]:
        while self._held:
            yield from self._first_alone()

    def _first_alone(self) -> Iterator[Row]:
        """The first line as a row by itself, and what the others come to."""
        first, *others = self._let_go()
        yield first
        for line in others:
            yield from self.feed(*line)

    def _hold(self, line: int, text: str) -> None:
        self._held.append(Row(line, text))
        self._size += len(text)

    def _let_go(self) -> list[Row]:
        held, self._held, self._size = self._held, [], 0
        return held


def rows_of_lines(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a text that is read line by line. The lines may have their line ends."""
    rows = RowsOfLines()
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if rows.is_whole(text):
            yield Row(number, text)
        else:
            yield from rows.feed(number, text)
    yield from rows.end()
