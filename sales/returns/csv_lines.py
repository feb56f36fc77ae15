"""A CSV of sale ids and reasons, read line by line: what each returns, or what is wrong with it.

The file may be a download of purchased leads with a column `reason` added: lines without a reason are left out.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from leads.ingestion.file_kinds import HEAD, is_gzip, kind_of
from sales.returns.errors import UnreadableReturns
from sales.returns.models import LONGEST_NOTE, ReturnReason
from sales.returns.services import MOST_AT_ONCE, Asked

COLUMNS = ("sale_id", "reason", "note")
DELIMITERS = ",;\t"

_NAMES = {"saleid": "sale_id", "sale": "sale_id", "reason": "reason", "note": "note", "comment": "note"}
_REASONS = {
    re.sub(r"[^a-z]", "", text.lower()): reason for reason in ReturnReason for text in (reason.value, reason.label)
}
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one line, and how to mend it."""

    line: int
    text: str


@dataclass(slots=True)
class Lines:
    """What a file holds. `numbers` has the line of each return, in the same order."""

    asked: list[Asked] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    without_reason: int = 0

    @property
    def as_text(self) -> str:
        """The returns as a CSV, for a form that asks whether they are meant."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows((one.sale_id, one.reason.value, one.note) for one in self.asked)
        return text.getvalue()


def lines_read(data: bytes) -> Lines:
    """Reads a whole file. Raises UnreadableReturns where it is of another kind, names no columns of ours, or returns
    nothing or too much."""
    found = Lines()
    seen: dict[UUID, int] = {}
    for number, cells in _rows(_text(data)):
        _take(found, seen, number, cells)
    if len(found.asked) > MOST_AT_ONCE:
        raise UnreadableReturns(
            reason=f"The file returns {len(found.asked):,} leads. Split it into files of {MOST_AT_ONCE:,} at most."
        )
    if not found.asked and not found.faults:
        raise UnreadableReturns(reason="No line has a sale id and a reason. Fill in the reasons, and upload it again.")
    return found


def _take(found: Lines, seen: dict[UUID, int], number: int, cells: dict[str, str]) -> None:
    sale, reason, note = (cells[name].strip() for name in COLUMNS)
    if not reason:
        found.without_reason += 1
        return
    try:
        one = Asked(sale_id=_sale_id(sale), reason=_reason(reason), note=_note(note))
    except ValueError as error:
        found.faults.append(Fault(line=number, text=str(error)))
        return
    if before := seen.get(one.sale_id):
        found.faults.append(Fault(line=number, text=f"The same sale as in line {before}. Keep one of the two."))
        return
    seen[one.sale_id] = number
    found.asked.append(one)
    found.numbers.append(number)


def _sale_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError("The sale id is not a UUID. Copy it from column sale_id of your download.") from None


def _reason(text: str) -> ReturnReason:
    if reason := _REASONS.get(re.sub(r"[^a-z]", "", text.lower())):
        return reason
    raise ValueError(f"“{text[:40]}” is not a reason. Use one of {', '.join(ReturnReason.values)}.")


def _note(text: str) -> str:
    if _UNUSABLE.search(text):
        raise ValueError("The note holds a character that is not text. Type it again.")
    if len(text) > LONGEST_NOTE:
        raise ValueError(f"The note has {len(text):,} characters. {LONGEST_NOTE} are possible.")
    return text


# --- From bytes to cells ---


def _text(data: bytes) -> str:
    head = data[:HEAD]
    if is_gzip(head):
        raise UnreadableReturns(reason="The file is compressed. Decompress it, and upload the CSV in it.")
    is_utf_32 = head.startswith(codecs.BOM_UTF32_LE)  # which begins as UTF-16 does
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not is_utf_32:
        return data.decode("utf-16", "replace")
    if other := kind_of(head):
        raise UnreadableReturns(reason=f"The file is {other[0]}. Save it as CSV, and upload that.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace")


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers, and the cells of our columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    places: Sequence[int | None] | None = None
    before = 0
    try:
        for row in reader:
            number, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            if places is None:
                places, is_header = _places(row)
                if is_header:
                    continue
            cells = ("" if place is None or place >= len(row) else row[place] for place in places)
            yield number, dict(zip(COLUMNS, cells, strict=True))
    except csv.Error:
        raise UnreadableReturns(
            reason=f"Line {before + 1:,} cannot be read. Check its quotation marks: each is closed, or doubled."
        ) from None


def _places(first: Sequence[str]) -> tuple[Sequence[int | None], bool]:
    """Where our columns stand, and whether the first line is a header."""
    named: dict[str, int] = {}
    for place, cell in enumerate(first):
        if name := _NAMES.get(re.sub(r"[^a-z]", "", cell.lower())):
            named.setdefault(name, place)
    if "sale_id" in named and "reason" in named:
        return [named.get(name) for name in COLUMNS], True
    try:
        UUID(first[0].strip())
    except ValueError:
        raise UnreadableReturns(
            reason="The first line names no columns sale_id and reason. Add them, and upload the file again."
        ) from None
    return [0, 1, 2], False
