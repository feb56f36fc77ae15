"""Do-Not-Call, litigator and other lists: each line has a telephone number or its SHA-256, in one cell or another.

The national Do-Not-Call register gives a number in two cells, the area code and the other seven digits.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from leads.opt_outs.drop import cells_of, digest_of_base64

_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_AREA, _REST = re.compile(r"[2-9]\d\d"), re.compile(r"\d{3}-?\d{4}")
_NUMBER = re.compile(r"[+(]?[\d\s().+/-]{9,24}")


class ListEntry(NamedTuple):
    """One line. It holds a number as it was written, or a digest, or neither, which is a fault of the line."""

    line: int
    number: str | None = None
    digest: bytes | None = None


def list_read(lines: Iterable[str]) -> Iterator[ListEntry]:
    """The lines of a list, in its order: the first cell of each that can be a number or a digest counts.

    Whether ten digits are a number that somebody can have, `leads.contact_keys` says. A first line without either is a
    header. Empty lines are passed over.
    """
    for number, line in enumerate(lines, 1):
        entry = _entry(number, cells_of(line))
        if (entry.number is None and entry.digest is None) and (number == 1 or not line.strip()):
            continue
        yield entry


def _entry(line: int, cells: list[str]) -> ListEntry:
    for cell, after in zip(cells, [*cells[1:], ""], strict=False):
        if _HEX.fullmatch(cell):
            return ListEntry(line, digest=bytes.fromhex(cell))
        if digest := digest_of_base64(cell):
            return ListEntry(line, digest=digest)
        if _AREA.fullmatch(cell) and _REST.fullmatch(after):
            return ListEntry(line, number=cell + after)
        if _NUMBER.fullmatch(cell) and sum(map(str.isdigit, cell)) in {10, 11}:
            return ListEntry(line, number=cell)
    return ListEntry(line)
