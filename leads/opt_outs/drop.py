"""California's DROP (Delete Request and Opt-out Platform): its list of hashes and our answer (contract, "Opt-out").

A list is a CSV of ID and hash. The hash is the Base64 of the SHA-256 of a number's last ten digits. The answer is a CSV
of ID and status. Both have a header, as the platform writes and wants it.
"""

import csv
from base64 import b64decode
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple, TextIO

from homeshield.lib.csv_rows import DELIMITERS, rows_of_lines

ANSWER_HEADER = ("Id", "Status")


class DropStatus(IntEnum):
    """What became of one request."""

    EXEMPT = 2
    DELETED = 3
    OPTED_OUT = 4
    """Several people share the number: none of them is sold any more, and none is erased."""
    NOT_FOUND = 5


class DropEntry(NamedTuple):
    """One request of a list. `digest` is None where the line holds none, which is a fault of the line."""

    line: int
    id: str
    digest: bytes | None


def drop_read(lines: Iterable[str]) -> Iterator[DropEntry]:
    """The requests of a list, in its order. A header and empty lines are passed over."""
    for number, line in rows_of_lines(lines):
        id_, hash_ = [*cells_of(line), "", ""][:2]
        digest = digest_of_base64(hash_)
        if digest is None and (not line.strip() or (number == 1 and hash_.casefold() == "hash")):
            continue
        yield DropEntry(number, id_, digest if id_ else None)


class DropAnswer:
    """The answer, written piece by piece to a file that was opened with `newline=""`."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(ANSWER_HEADER)

    def write(self, answers: Iterable[tuple[str, DropStatus]]) -> None:
        """Adds what became of some requests."""
        self._writer.writerows((id_, int(status)) for id_, status in answers)


def digest_of_base64(text: str) -> bytes | None:
    """The 32 bytes that `text` is the Base64 of; None where it is nothing like that."""
    if len(text) not in {43, 44} or not text.isascii():
        return None
    try:
        digest = b64decode(text.ljust(44, "="), validate=True)
    except ValueError:
        return None
    return digest if len(digest) == 32 else None


def cells_of(line: str) -> list[str]:
    """The cells of one row, trimmed. Empty where it is not CSV."""
    line = line.strip().replace("\0", "")
    delimiter = next((one for one in DELIMITERS if one in line), ",")
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:  # a cell of more than 131,072 characters
        return []
