"""How a file's bytes are read as text, and what its rows say about whether they were meant so.

UTF-8, or an encoding of one byte for each character. A byte that is none in it is read as a lone surrogate, which
stands for the byte alone: it makes its row unreadable, and is written to the rejects file as it came.
"""

import codecs
import re
from collections.abc import Iterable

from leads.ingestion.errors import IngestRefused

UTF_8 = "utf-8"
WINDOWS = "windows-1252"
"""What programs on Western Windows machines save as where nobody asks them for UTF-8."""

_WITHIN_WINDOWS = {"ascii", "iso8859-1"}  # of which Windows-1252 has every character; people often call it Latin-1
_CONTROLS = re.compile(r"[\x80-\x9f]")  # Latin-1 gives them to bytes that have no character in it
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Encoding:
    """The encoding of one file. Raises IngestRefused for a name that is none, or none that can be read."""

    def __init__(self, name: str = UTF_8) -> None:
        try:
            known = codecs.lookup(name)
        except (LookupError, ValueError):  # a NUL in a name
            raise IngestRefused(
                reason=f'There is no encoding "{name}". Usual ones are {UTF_8} and {WINDOWS}.'
            ) from None
        self.is_utf_8 = known.name in {"utf-8", "utf-8-sig"}
        if not self.is_utf_8 and not _gives_each_byte_a_character(known.name):
            raise IngestRefused(reason=f'The encoding "{name}" cannot be read. Save the file as "CSV UTF-8" instead.')
        self.name = UTF_8 if self.is_utf_8 else name
        self.codec = "utf-8-sig" if self.is_utf_8 else known.name  # which skips a byte order mark
        self._in_utf_8 = self._in_windows = self._in_neither = 0  # rows with more than ASCII
        self._unreadable = 0

    def unreadable(self, lines: Iterable[str]) -> str | None:
        """What in a row's lines is no text. Notes what the row says about the file's encoding."""
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
        """Raises IngestRefused where all was read in another encoding, and is UTF-8: "José" for "José"."""
        if self.likelier == UTF_8:
            raise IngestRefused(reason=f"The file is in UTF-8, not in {self.name}. Load it without --encoding.")

    @property
    def likelier(self) -> str | None:
        """The encoding that every row with more than ASCII has, where that is another one; None where there is none."""
        if self._in_neither or (self._in_utf_8 and self._in_windows):
            return None
        if self._in_windows:
            return WINDOWS if self.is_utf_8 or (self._unreadable and self.codec in _WITHIN_WINDOWS) else None
        return UTF_8 if self._in_utf_8 and not self.is_utf_8 else None


def _gives_each_byte_a_character(codec: str) -> bool:
    """And the ASCII ones their own: so commas, quotation marks and line ends are found in it."""
    sample = bytes(range(256)) + b"\\u0041\\n\x1b$B!!\x1b(B"  # with what some encodings take together for one character
    try:
        text = sample.decode(codec, "surrogateescape")
    except (LookupError, UnicodeError):  # it is none of texts, or takes several bytes for a character
        return False
    return len(text) == len(sample) and text[:128] == sample[:128].decode("ascii")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
