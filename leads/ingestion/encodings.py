"""Decodes a file in UTF-8 or a single-byte encoding, and tells from its rows whether that was right.

A byte that does not decode becomes a lone surrogate: its row is rejected, and the rejects file gets the same byte.
"""

import codecs
import re
from collections.abc import Iterable

from leads.ingestion.errors import IngestRefused

UTF_8 = "utf-8"
WINDOWS = "windows-1252"

_WITHIN_WINDOWS = {"ascii", "iso8859-1"}  # Windows-1252 has all their characters, and people call it Latin-1
_CONTROLS = re.compile(r"[\x80-\x9f]")  # what Latin-1 makes of bytes that it has no characters for
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Encoding:
    """Raises IngestRefused for an unknown or unsupported name."""

    def __init__(self, name: str = UTF_8) -> None:
        try:
            known = codecs.lookup(name)
        except (LookupError, ValueError):  # ValueError: a NUL in the name
            raise IngestRefused(
                reason=f'There is no encoding "{name}". Usual ones are {UTF_8} and {WINDOWS}.'
            ) from None
        self.is_utf_8 = known.name in {"utf-8", "utf-8-sig"}
        if not self.is_utf_8 and not _gives_each_byte_a_character(known.name):
            raise IngestRefused(reason=f'The encoding "{name}" cannot be read. Save the file as "CSV UTF-8" instead.')
        self.name = UTF_8 if self.is_utf_8 else name
        self.codec = "utf-8-sig" if self.is_utf_8 else known.name  # utf-8-sig skips a byte order mark
        self._in_utf_8 = self._in_windows = self._in_neither = 0  # rows with non-ASCII characters
        self._unreadable = 0

    def unreadable(self, lines: Iterable[str]) -> str | None:
        """What in a row's lines is not text. Updates `likelier`."""
        fault = None
        for line in lines:
            if "\0" in line:
                return "a NUL byte"
            if not line.isascii() and not self._is_text(line):
                self._unreadable += 1
                fault = f"bytes that are not {'UTF-8' if self.is_utf_8 else self.name}"
        return fault

    def _is_text(self, line: str) -> bool:
        as_bytes = line.encode(self.codec.removesuffix("-sig"), "surrogateescape")
        if _decodes(as_bytes, UTF_8):
            self._in_utf_8 += 1
            return self.is_utf_8 or _CONTROLS.search(line) is None
        if not _BINARY.search(line) and _decodes(as_bytes, WINDOWS):
            self._in_windows += 1
        else:
            self._in_neither += 1
        return not self.is_utf_8 and _CONTROLS.search(line) is None and _decodes(as_bytes, self.codec)

    def check(self) -> None:
        """Raises IngestRefused if a UTF-8 file was read as something else: "José" for "José"."""
        if self.likelier == UTF_8:
            raise IngestRefused(reason=f"The file is in UTF-8, not in {self.name}. Load it without --encoding.")

    @property
    def likelier(self) -> str | None:
        """The other encoding that fits every non-ASCII row, if there is one."""
        if self._in_neither or (self._in_utf_8 and self._in_windows):
            return None
        if self._in_windows:
            return WINDOWS if self.is_utf_8 or (self._unreadable and self.codec in _WITHIN_WINDOWS) else None
        return UTF_8 if self._in_utf_8 and not self.is_utf_8 else None


def _gives_each_byte_a_character(codec: str) -> bool:
    """And each ASCII byte its own, so that we find commas, quotes and line ends."""
    sample = bytes(range(256)) + b"\\u0041\\n\x1b$B!!\x1b(B"  # with what some encodings read as one character
    try:
        text = sample.decode(codec, "surrogateescape")
    except (LookupError, UnicodeError):  # not a text encoding, or several bytes per character
        return False
    return len(text) == len(sample) and text[:128] == sample[:128].decode("ascii")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
