"""Keys of phone numbers: by them two inquiries are known to be of one person (contract, "Person").

A key is made of a number and of the setting CONTACT_KEY, so whoever reads the database cannot look a number up. It is
made of the number's SHA-256, so a list of digests meets the same keys as a list of numbers.
"""

import hashlib
import hmac
import unicodedata
from functools import cache
from uuid import UUID

from django.conf import settings

DIGITS = 10
"""Of a number in North America: area code, exchange and line."""

TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
"""Area codes of companies. Nobody's home has one."""

DIGEST_BYTES = 32
KEY_BYTES = 16
_BLOCK_BYTES = 64


def digits(text: str | None) -> str | None:
    """The ten digits of a phone number that can belong to a person; None where a text holds no such number.

    All but digits is dropped, and a leading 1 of eleven digits.
    """
    if not text:
        return None
    number = text if text.isascii() and text.isdigit() else _digits_alone(text)
    if len(number) == DIGITS + 1 and number[0] == "1":
        number = number[1:]
    if len(number) != DIGITS or number[0] in "01" or number[:3] in TOLL_FREE or number.count(number[0]) == DIGITS:
        return None
    return number


def key_of_digits(number: str) -> UUID:
    """The key of a number that `digits` returned."""
    return UUID(hex=key_hex(number))


def key_of_digest(digest: bytes) -> UUID:
    """The key of a number of which only the SHA-256 of its ten digits is known. Raises ValueError
    for another length."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"A SHA-256 digest has {DIGEST_BYTES} bytes.")
    return UUID(bytes=hmac.digest(settings.CONTACT_KEY.encode(), digest, "sha256")[:KEY_BYTES])


def key_of(text: str | None) -> UUID | None:
    """The key of a phone number as somebody wrote it; None where it has none."""
    number = digits(text)
    return key_of_digits(number) if number else None


def key_hex(number: str) -> str:
    """The same as `key_of_digits`, as 32 hexadecimal digits: for rows that go to COPY by the million.

    HMAC is spelled out, with the two halves of its key made once: that takes half as long as `hmac.digest`.
    """
    inner, outer = _halves(settings.CONTACT_KEY)
    sha256 = hashlib.sha256
    return sha256(outer + sha256(inner + sha256(number.encode()).digest()).digest()).hexdigest()[: 2 * KEY_BYTES]


def lead_keys(borrower_phone: str, call_in_phone: str) -> tuple[str, str]:
    """The keys of a lead's two numbers, as `key_hex` writes them; empty where there is none, and where the second would
    be the first again."""
    first = digits(borrower_phone)
    second = digits(call_in_phone) if call_in_phone != borrower_phone else None
    return key_hex(first) if first else "", key_hex(second) if second and second != first else ""


def _digits_alone(text: str) -> str:
    if not text.isascii():  # full-width digits and the like are digits
        text = "".join(str(unicodedata.decimal(character, "")) for character in text)
    return "".join(filter(str.isdigit, text))


@cache
def _halves(secret: str) -> tuple[bytes, bytes]:
    """The inner and the outer key of HMAC (RFC 2104)."""
    key = secret.encode()
    key = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)
