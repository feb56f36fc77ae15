"""From the bytes of any list to keys: the encoding, the delimiter and the columns are found by what the lines hold.

Everything is read once, as it is received. Only keys are kept of it (contract, "Exclusion").

A quoted cell may hold line breaks. A quotation mark that is never closed swallows nothing (homeshield/lib/csv_rows.py).
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise

from homeshield.lib.csv_rows import RowsOfLines
from inventory.suppression.cells import Fault, Kind, read_cell
from inventory.suppression.errors import UnreadableUpload
from inventory.suppression.key_sets import KeySet
from inventory.suppression.models import MOST_ENTRIES
from leads.ingestion.file_kinds import HEAD, is_gzip, kind_of

SAMPLE = 200
"""How many rows tell the layout."""

LONGEST_LINE = 20_000
"""Characters. A longer line is cut: it holds no list."""

FAULTS_SHOWN = 20
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

_LINE_END = re.compile(r"\r\n|\n|\r")
_NUMBER_LIKE = re.compile(r"[A-Za-z.: ]{0,8}[\d\s().+/-]{10,24}")
_NAMED_LIKE = re.compile(r"phone|mobile|cell|\btel|number|\bnum\b|\bno\b|sha|hash|digest|contact|dnc", re.IGNORECASE)
_AREA, _REST = re.compile(r"[2-9]\d\d"), re.compile(r"\d{3}-?\d{4}")
_LONGEST_HEADING = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the entries stand."""

    delimiter: str | None
    """None where a line is one cell."""
    columns: tuple[int, ...] | None
    """Their places from 0; None where each cell is an entry."""
    headings: tuple[str, ...] = ()
    """What the header calls these columns; only names that say what such a column holds."""
    has_header: bool = False
    joined: bool = False
    """Whether an area code in the first column belongs to seven digits in the second."""

    def cells(self, line: str) -> list[str]:
        """The cells of a line in which entries stand."""
        row = _split(line, self.delimiter)
        if self.columns is None:
            return [cell for cell in row if cell.strip()] or [""]
        if self.joined:
            return ["".join(row[place].strip(" '\"") for place in self.columns if place < len(row))]
        return [row[place] for place in self.columns if place < len(row)] or [""]

    @property
    def told(self) -> str:
        """For people: `column 2 (Phone), separated by commas`."""
        if self.delimiter is None:
            return "one on each line"
        if self.columns is None:
            return f"every cell, separated by {DELIMITERS[self.delimiter]}"
        named = [
            f"{place + 1} ({heading})" if heading else str(place + 1)
            for place, heading in zip(self.columns, self.headings or [""] * len(self.columns), strict=True)
        ]
        column = "column" if len(named) == 1 else "columns"
        together = " together" if self.joined else ""
        return f"{column} {' and '.join(named)}{together}, separated by {DELIMITERS[self.delimiter]}"


@dataclass(slots=True)
class Recognised:
    """What a list holds. `keys` is all that is kept of it."""

    keys: KeySet = field(default_factory=KeySet)
    kinds: Counter[Kind] = field(default_factory=Counter)
    invalid: int = 0
    invalid_lines: list[tuple[int, str]] = field(default_factory=list)
    layout: Layout = Layout(None, (0,))
    encoding: str = "UTF-8"
    source: str = ""
    """Said in the place of what was found, where nothing had to be found out."""

    @property
    def valid(self) -> int:
        return self.keys.added

    @property
    def told(self) -> str:
        """For people: what was found, and where."""
        if self.source:
            return self.source
        kinds = " and ".join(kind.value for kind, _ in self.kinds.most_common()) or "no entries"
        return f"{kinds[0].upper()}{kinds[1:]}, {self.layout.told}; text in {self.encoding}"


class Recogniser:
    """Takes a list's bytes piece by piece as they come: `feed`, then `finish`.

    Raises UnreadableUpload for a file of another kind, one without any number or digest, and one that has too many.
    """

    def __init__(self) -> None:
        self._found = Recognised()
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._rest = ""
        self._line = 0
        self._rows = RowsOfLines()
        self._cut = False
        self._sample: list[tuple[int, str]] | None = []

    def feed(self, data: bytes) -> None:
        if self._decoder is None:
            self._head += data
            if len(self._head) < HEAD:
                return
            self._begin()
        else:
            self._take(self._decoder.decode(data))

    def finish(self) -> Recognised:
        if self._decoder is None:
            self._begin()
        assert self._decoder is not None
        self._take(self._decoder.decode(b"", True))
        if self._rest or self._cut:
            self._take("\n")
        for row in self._rows.end():
            self._whole(*row)
        self._use_sample()
        if not self._found.valid:
            raise UnreadableUpload(
                reason="We found no phone numbers and no SHA-256 digests. Send one on each line, or a CSV with a "
                "column of them."
            )
        return self._found

    def _begin(self) -> None:
        self._decoder, self._found.encoding = _decoder(self._head)
        self._take(self._decoder.decode(self._head))
        self._head = b""

    def _take(self, text: str) -> None:
        """Works through the whole lines, and keeps the beginning of the next one."""
        held = self._rest + text
        if held.endswith("\r"):  # half of a line end, perhaps
            held, after = held[:-1], "\r"
        else:
            after = ""
        *lines, rest = _LINE_END.split(held)
        self._rest = rest + after
        for line in lines:
            self._line += 1
            if self._cut or len(line) > LONGEST_LINE:
                self._cut = False
                self._fault(self._line, Fault.CUT)
            elif self._rows.is_whole(line):
                self._whole(self._line, line)
            else:
                for row in self._rows.feed(self._line, line):
                    self._whole(*row)
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._cut = "", True

    def _whole(self, number: int, row: str) -> None:
        if not row.strip():
            return
        if self._sample is None:
            self._read(number, row)
            return
        self._sample.append((number, row))
        if len(self._sample) == SAMPLE:
            self._use_sample()

    def _use_sample(self) -> None:
        """Decides the layout, then reads the lines that told it."""
        if self._sample is None:
            return
        sample, self._sample = self._sample, None
        self._found.layout = layout_of([line for _, line in sample])
        for number, line in sample[1:] if self._found.layout.has_header else sample:
            self._read(number, line)

    def _read(self, number: int, line: str) -> None:
        found = self._found
        fault: Fault | None = None
        any_valid = False
        for cell in found.layout.cells(line):
            held = read_cell(cell)
            if isinstance(held, Fault):
                fault = held if fault in (None, Fault.EMPTY) else fault
                continue
            kind, key = held
            found.kinds[kind] += 1
            found.keys.add(key)
            any_valid = True
        if found.valid > MOST_ENTRIES:
            raise UnreadableUpload(
                reason=f"There are more than {MOST_ENTRIES:,} entries. Split them into several lists."
            )
        if fault and not any_valid:
            self._fault(number, fault)

    def _fault(self, number: int, fault: Fault) -> None:
        self._found.invalid += 1
        if len(self._found.invalid_lines) < FAULTS_SHOWN:
            self._found.invalid_lines.append((number, fault.value))


def recognise(data: bytes) -> Recognised:
    """The same for a list that is there whole. Raises UnreadableUpload."""
    recogniser = Recogniser()
    recogniser.feed(data)
    return recogniser.finish()


# --- Encoding ---


def _decoder(head: bytes) -> tuple[codecs.IncrementalDecoder, str]:
    """Numbers and digests are ASCII in all of these, so an undecodable byte spoils its cell alone."""
    for mark, codec, name in (
        (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
    ):
        if head.startswith(mark) and not head.startswith(codecs.BOM_UTF32_LE):
            return codecs.getincrementaldecoder(codec)("replace"), name
    if is_gzip(head):
        raise UnreadableUpload(reason="The file is compressed. Decompress it, and upload the list in it.")
    if other := kind_of(head):
        raise UnreadableUpload(reason=f"The file is {other[0]}. Save it as CSV or plain text, and upload that.")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return codecs.getincrementaldecoder("windows-1252")("replace"), "Windows-1252"
    return codecs.getincrementaldecoder("utf-8")("replace"), "UTF-8"


# --- Layout ---


def layout_of(sample: list[str]) -> Layout:
    """The layout in which most of these lines hold entries. Of equal ones: fewer cells."""
    best, most = Layout(None, (0,)), 0
    for delimiter in (None, *DELIMITERS):
        rows = [_split(line, delimiter) for line in sample]
        columns, entries = _columns(rows)
        if entries > most:
            best, most = Layout(delimiter, columns), entries
    if not most:
        best = _joined(sample) or best
    return _with_header(best, sample[0]) if sample else best


def _joined(sample: list[str]) -> Layout | None:
    """The layout in which most lines have a number in two cells, as the national Do-Not-Call register gives it."""
    for delimiter in DELIMITERS:
        starts: Counter[int] = Counter()
        for row in (_split(line, delimiter) for line in sample):
            cells = [cell.strip(" '\"") for cell in row]
            starts.update(
                place
                for place, (area, rest) in enumerate(pairwise(cells))
                if _AREA.fullmatch(area) and _REST.fullmatch(rest)
            )
        if starts:
            [(place, _)] = starts.most_common(1)
            return Layout(delimiter, (place, place + 1), joined=True)
    return None


def _columns(rows: list[list[str]]) -> tuple[tuple[int, ...] | None, int]:
    """The columns that hold entries, and how many these are. None where all cells do."""
    holds = [[_is_entry(cell) for cell in row] for row in rows]
    width = max(map(len, rows), default=0)
    filled = [sum(place < len(row) and bool(row[place].strip()) for row in rows) for place in range(width)]
    held = [sum(place < len(row) and row[place] for row in holds) for place in range(width)]
    chosen = [place for place in range(width) if held[place] and 2 * held[place] >= filled[place]]
    if not chosen:
        chosen = sorted(range(width), key=lambda place: -held[place])[:1]
    named = [place for place in chosen if place < len(rows[0]) and _NAMED_LIKE.search(rows[0][place])]
    chosen = named or chosen
    entries = sum(held[place] for place in chosen)
    if len(chosen) > 1 and sum(filled) - (0 if any(holds[0]) else width) <= sum(held) and not named:
        return None, entries
    return tuple(chosen), entries


def _is_entry(cell: str) -> bool:
    """Stricter than reading: an address with ten digits in it makes no column of numbers."""
    held = read_cell(cell)
    if isinstance(held, Fault):
        return False
    return held[0] is not Kind.NUMBER or _NUMBER_LIKE.fullmatch(cell.strip(" \t'\"\ufeff")) is not None


def _with_header(layout: Layout, first: str) -> Layout:
    cells = layout.cells(first)
    if any(not isinstance(read_cell(cell), Fault) for cell in cells) or not re.search(r"[^\W\d_]", first):
        return layout
    headings: tuple[str, ...] = ()
    if layout.columns is not None:
        padded = chain(cells, [""] * len(layout.columns))
        headings = tuple(_heading(cell) for cell, _ in zip(padded, layout.columns, strict=False))
    return replace(layout, headings=headings, has_header=True)


def _heading(cell: str) -> str:
    """A name is repeated only if it says what such a column holds: others may be somebody's."""
    name = " ".join(cell.split()).strip("\"'\ufeff ")[:_LONGEST_HEADING]
    return name if _NAMED_LIKE.search(name) and not re.search(r"\d{4}", name) else ""


def _split(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return [line]
    if '"' not in line:
        return line.split(delimiter)
    return next(iter(_quoted(line, delimiter)), [])


def _quoted(line: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader([line.replace("\0", "")], delimiter=delimiter)
    except csv.Error:
        yield line.split(delimiter)
