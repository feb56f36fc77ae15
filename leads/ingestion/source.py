"""Where the bytes come from: a file, packed by gzip or not, or a stream."""

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from leads.ingestion.errors import IngestRefused

LONGEST_LINE = 1_000_000
"""Characters. A line that is longer is no row of a CSV, and would be held in memory whole."""


CARRIAGE_RETURNS = (
    "The lines end in carriage returns without line feeds: save the file with the line ends of Windows or Unix."
)

_GZIP = b"\x1f\x8b"  # RFC 1952


@dataclass(frozen=True, slots=True)
class Source:
    """An open input. `lines` are its physical lines with their ends; a byte that is not UTF-8 is a lone surrogate.

    A line ends with a line feed alone, as editors and `sed -n` count them: a carriage return is an ordinary character.
    """

    lines: Iterator[str]
    size: int | None
    position: Callable[[], int]


@contextmanager
def open_source(source: Path | BinaryIO) -> Iterator[Source]:
    """Opens a path (unpacking it where its name ends in .gz), or takes an open stream of bytes and leaves it open.

    Raises IngestRefused where the input cannot be read; the lines do so where it breaks off.
    """
    if not isinstance(source, Path):
        text = _as_text(source)
        try:
            yield Source(_lines(text, "the input"), None, lambda: 0)
        finally:
            text.detach()
        return
    try:
        packed = source.open("rb")
    except OSError as error:
        raise _unreadable(str(source), error) from error
    with packed:
        size = os.fstat(packed.fileno()).st_size or None
        named_packed = source.suffix.lower() == ".gz"
        if not named_packed and packed.peek(2).startswith(_GZIP):
            raise IngestRefused(f"{source} is packed by gzip: give it a name that ends in .gz.")
        unpacked = gzip.open(packed) if named_packed else packed  # noqa: SIM115
        with _as_text(cast("BinaryIO", unpacked)) as text:
            yield Source(_lines(text, str(source)), size, packed.tell)


def _as_text(stream: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="\n")


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    try:
        for line in iter(partial(text.readline, LONGEST_LINE), ""):
            if len(line) == LONGEST_LINE:
                if "\r" in line:
                    raise IngestRefused(CARRIAGE_RETURNS)
                raise IngestRefused(f"A line is longer than {LONGEST_LINE:,} characters: {name} is no CSV file.")
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> IngestRefused:
    return IngestRefused(f"Cannot read {name}: {getattr(error, 'strerror', None) or error}.")
