"""Opens the input: a file or a stream."""

import codecs
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from leads.ingestion.encodings import Encoding
from leads.ingestion.errors import IngestRefused
from leads.ingestion.file_kinds import HEAD, is_gzip, other_kind

LONGEST_LINE = 1_000_000
"""Characters of a physical line. The rest is dropped."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open input. `lines` keep their ends; an undecodable byte is a lone surrogate.

    Only a line feed ends a line, as editors and `sed -n` count them. `is_cut` tells whether a line was too long.
    """

    lines: Iterator[str]
    size: int | None
    position: Callable[[], int]
    sha256: Callable[[], str]
    """Of the bytes read so far, before unpacking."""


def is_cut(line: str) -> bool:
    """Whether the line was longer than LONGEST_LINE."""
    return len(line) > LONGEST_LINE and not line.endswith("\n")


@contextmanager
def open_source(source: Path | BinaryIO, encoding: Encoding | None = None) -> Iterator[Source]:
    """Opens a path (unpacking .gz), or uses a byte stream and leaves it open.

    Raises IngestRefused if the input is unreadable, breaks off or is clearly not CSV.
    """
    encoding = encoding or Encoding()
    if not isinstance(source, Path):
        stream = _Stream(source)
        if is_gzip(stream.head):
            raise IngestRefused(
                reason="The input is compressed with gzip. Decompress it on its way here: gunzip -c FILE."
            )
        _check_kind(stream.head, encoding, "The input")
        text = _as_text(cast("BinaryIO", stream), encoding)
        yield Source(_lines(text, "the input"), None, lambda: 0, stream.sha256.hexdigest)
        return
    try:
        file = _File(source.open("rb", buffering=0))
    except OSError as error:
        raise _unreadable(str(source), error) from error
    with io.BufferedReader(file, _AT_ONCE) as packed:
        size = os.fstat(file.fileno()).st_size or None
        try:
            unpacked = _unpacked(packed, source)
            _check_kind(unpacked.peek(HEAD)[:HEAD], encoding, str(source))
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(str(source), error) from error
        with _as_text(cast("BinaryIO", unpacked), encoding) as text:
            yield Source(_lines(text, str(source)), size, lambda: file.position, file.sha256.hexdigest)


def _unpacked(packed: "io.BufferedReader[_File]", source: Path) -> "io.BufferedReader[_File] | gzip.GzipFile":
    if source.suffix.lower() == ".gz":
        return gzip.open(packed)
    if is_gzip(packed.peek(HEAD)):
        raise IngestRefused(reason=f"{source} is compressed with gzip. Give it a name that ends in .gz.")
    return packed


def _check_kind(head: bytes, encoding: Encoding, name: str) -> None:
    if is_gzip(head):
        raise IngestRefused(reason=f"{name} is compressed with gzip twice. Decompress it once.")
    if other := other_kind(head):
        raise IngestRefused(reason=f"{name} {other}")
    if head.startswith(codecs.BOM_UTF8) and not encoding.is_utf_8:
        raise IngestRefused(reason=f"{name} is in UTF-8, as its byte order mark says. Load it without --encoding.")


def _as_text(stream: BinaryIO, encoding: Encoding) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding=encoding.codec, errors="surrogateescape", newline="\n")


_AT_ONCE = 128 * 1024
"""Bytes per read."""


class _File(io.RawIOBase):
    """Hashes a file as it is read."""

    def __init__(self, file: io.FileIO) -> None:
        self._file, self.position, self.sha256 = file, 0, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def readinto(self, buffer: Any) -> int:
        read = self._file.readinto(buffer) or 0
        self.position += read
        self.sha256.update(memoryview(buffer)[:read])
        return read

    def close(self) -> None:
        self._file.close()
        super().close()


class _Stream(io.RawIOBase):
    """Reads ahead the stream's `head`, and leaves the stream open.

    Unbuffered: a thread that waits for input would hold the buffer's lock and block Python's exit.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.head = b""
        while len(self.head) < _TELLING and (more := stream.read(HEAD)):  # a pipe may give less
            self.head += more
        self._rest, self._stream, self.sha256 = self.head, stream, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._rest[: len(buffer)] or self._stream.read(len(buffer)) or b""
        self._rest = self._rest[len(buffer) :]
        buffer[: len(data)] = data
        self.sha256.update(data)
        return len(data)


_TELLING = 8
"""Bytes that tell what a stream is. No CSV is shorter."""


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    try:
        while line := text.readline(LONGEST_LINE + 1):
            if is_cut(line):
                while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                    pass
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> IngestRefused:
    return IngestRefused(reason=f"Cannot read {name}: {getattr(error, 'strerror', None) or error}.")
