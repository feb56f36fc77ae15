"""What one cell of a suppression list holds: a telephone number, a SHA-256 of one, or neither, and then why.

A refusal says what is wrong, never what the cell says: it is kept and shown, and a number must not be.
"""

import re
from base64 import b64decode
from enum import StrEnum

from leads.contact_keys import TOLL_FREE, digits, key_hex, key_of_digest


class Kind(StrEnum):
    """What a cell holds. The values are for people."""

    NUMBER = "phone numbers"
    HEX = "SHA-256 in hexadecimal"
    BASE64 = "SHA-256 in Base64"


class Fault(StrEnum):
    """Why a cell holds neither a number nor a digest. The values are for people."""

    EMPTY = "nothing in the column"
    NEITHER = "neither a phone number nor a SHA-256 digest"
    SHORT = "too few digits"
    LONG = "too many digits"
    SHORTENED = "a number that a spreadsheet has shortened (like 5.04E+09): format the column as text"
    TOLL_FREE = "a toll-free number, which belongs to no person"
    AREA = "an area code that begins with 0 or 1"
    ALIKE = "ten equal digits"
    CUT = "the line is too long"


_HEX = re.compile(r"(?:0x|\\x)?([0-9A-Fa-f]{64})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=?")
_WITHOUT_CENTS = re.compile(r"(\d{10,11})\.0+")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+?\d{1,2}", re.IGNORECASE)
_DIGITS = re.compile(r"\d")


def read_cell(text: str) -> tuple[Kind, bytes] | Fault:
    """The kind and the key of what a cell holds (contract, "Person"), or why it holds neither."""
    text = text.strip(" \t\ufeff'\"")
    if number := digits(_of_a_spreadsheet(text)):
        return Kind.NUMBER, bytes.fromhex(key_hex(number))
    if found := _HEX.fullmatch(text):
        return Kind.HEX, key_of_digest(bytes.fromhex(found[1])).bytes
    if _BASE64.fullmatch(text):
        digest = b64decode(text.ljust(44, "="))
        if len(digest) == 32:
            return Kind.BASE64, key_of_digest(digest).bytes
    return _fault(text)


def _of_a_spreadsheet(text: str) -> str:
    """A number without the decimals that a program has given it: `3181150001.0`. A digest has no number in it."""
    if len(text) > 40:
        return ""
    found = _WITHOUT_CENTS.fullmatch(text)
    return found[1] if found else text


def _fault(text: str) -> Fault:
    if not text:
        return Fault.EMPTY
    if _SHORTENED.fullmatch(text):
        return Fault.SHORTENED
    number = "".join(_DIGITS.findall(text))
    if not number or len(text) > 40 or (len(number) < 7 and any(map(str.isalpha, text))):
        return Fault.NEITHER
    if len(number) == 11 and number[0] == "1":
        number = number[1:]
    if len(number) != 10:
        return Fault.SHORT if len(number) < 10 else Fault.LONG
    if number[:3] in TOLL_FREE:
        return Fault.TOLL_FREE
    return Fault.AREA if number[0] in "01" else Fault.ALIKE
