"""Recognizes files that are not CSV by their first bytes."""

import codecs

HEAD = 4_096
"""Bytes that tell what a file is."""

_SAVE_AS = 'Open it in Excel, choose "Save As" and the type "CSV UTF-8 (Comma delimited)", and load that file'
_UNPACK = "Decompress it, and load the CSV in it"

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind (.xls), or one with a password", _SAVE_AS),
    (b"BZh", "compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"%PDF-", "a PDF document", "Ask the call center for the CSV"),
)
_IN_ZIP: tuple[tuple[bytes, str, str], ...] = (
    (
        b"opendocument.spreadsheet",
        "an OpenDocument spreadsheet (.ods)",
        _SAVE_AS.replace("Excel", "a spreadsheet program"),
    ),
    (b"word/", "a Word document (.docx)", "Ask the call center for the CSV"),
    *(
        (part, "an Excel workbook (.xlsx)", _SAVE_AS)
        for part in (b"[Content_Types].xml", b"docProps/", b"xl/", b"_rels/")
    ),
    (b"PK", "a zip archive", _UNPACK),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table")
_GZIP = b"\x1f\x8b"  # RFC 1952


def is_gzip(head: bytes) -> bool:
    """Whether the file is gzip."""
    return head.startswith(_GZIP)


def other_kind(head: bytes) -> str | None:
    """What the file is and how to convert it for a load; None if it may be CSV."""
    found = kind_of(head)
    return found and f"is {found[0]}. {found[1]}."


def kind_of(head: bytes) -> tuple[str, str] | None:
    """What the file is, and how to convert it; None if it may be CSV."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return next((kind, mending) for part, kind, mending in _IN_ZIP if part in head)
    if beginning := next((known for known in _BEGINNINGS if head.startswith(known[0])), None):
        return beginning[1:]
    if unicode := _wide_unicode(head):
        return f"text in {unicode}, not in UTF-8", _SAVE_AS
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_MARKUP):
        return "a web page or XML", _SAVE_AS
    return None


def _wide_unicode(head: bytes) -> str | None:
    """By the byte order mark, or by where ASCII leaves NUL bytes."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    whole = head[: len(head) // 4 * 4]
    if len(whole) < _ENOUGH:
        return None
    nul = [whole[place::4].count(0) * 4 / len(whole) > _MOST for place in range(4)]
    if nul in ([False, True, True, True], [True, True, True, False]):
        return "UTF-32"
    return "UTF-16" if nul in ([False, True, False, True], [True, False, True, False]) else None


_ENOUGH, _MOST = 16, 0.8
"""The bytes, and the share of NULs in one place, that make a text wide."""
