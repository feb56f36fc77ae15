"""Keyset pagination: the last page costs as much as the first, and no row is repeated or missed.

One index must hold the order column and `id`. A cursor is encrypted, because the column may be secret (a record's
window ends at the second of the call), and valid for one list only.
"""

import struct
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.db import models
from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from homeshield.lib.derived_keys import derived_keys
from homeshield.lib.errors import DomainError


class BadCursor(DomainError):
    """Truncated, forged, from another list, or sealed with an expired key."""

    code, title = "bad_cursor", "Page not found"
    sentence = "This place in the list is not known. Start again at the first page."


@dataclass(frozen=True, slots=True)
class Page[Row]:
    rows: list[Row]
    next_cursor: str | None
    previous_cursor: str | None


type Position = tuple[Any, UUID]
"""The order column's value (an instant or a number), and the row's id."""


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_LAYOUT = struct.Struct(">B q 16s")
_BACKWARDS, _INSTANT = 1, 2
_PURPOSE = "homeshield list cursors"


def cursor_seal(place: Position, *, of: str, backwards: bool = False) -> str:
    """The 55-character cursor of `place` in the list `of`.

    AES-SIV needs no nonce. Equal places have equal cursors, which reveals no more than the page does.
    """
    value, key = place
    kind = _BACKWARDS * backwards + _INSTANT * isinstance(value, datetime)
    number = (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value
    sealed = _cipher(derived_keys(_PURPOSE)[0]).encrypt(_LAYOUT.pack(kind, number, key.bytes), [of.encode()])
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _cursor_open(cursor: str, *, of: str) -> tuple[Position, bool]:
    """Returns the place, and whether to read backwards. Raises BadCursor."""
    try:
        sealed = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadCursor from None
    for key in derived_keys(_PURPOSE):
        try:
            kind, number, name = _LAYOUT.unpack(_cipher(key).decrypt(sealed, [of.encode()]))
        except InvalidTag:
            continue
        value = _EPOCH + number * _MICROSECOND if kind & _INSTANT else number
        return (value, UUID(bytes=name)), bool(kind & _BACKWARDS)
    raise BadCursor


@cache
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)


type Find[Row] = Callable[[Position | None, bool, int], list[Row]]
"""Takes the place to read on from (None: the start), whether descending, and the limit."""


def keyset_page[Row: models.Model](
    rows: models.QuerySet[Row], *, by: str, of: str, cursor: str | None, limit: int, descending: bool = False
) -> Page[Row]:
    """The page of `rows` at `cursor` (None: the first), ordered by the column `by` and `id`.

    `of` names the list with its owner and filter. Raises BadCursor for a cursor of another list.
    """

    def find(beyond: Position | None, reverse: bool, most: int) -> list[Row]:
        further = rows
        if beyond is not None:
            lookup = TupleLessThan if reverse else TupleGreaterThan
            further = rows.filter(lookup(Tuple(F(by), F("id")), beyond))
        return list(further.order_by(*([f"-{by}", "-id"] if reverse else [by, "id"]))[:most])

    return found_page(find, by=by, of=of, cursor=cursor, limit=limit, descending=descending)


def found_page[Row](
    find: Find[Row], *, by: str, of: str, cursor: str | None, limit: int, descending: bool = False
) -> Page[Row]:
    """Like keyset_page, for rows from elsewhere than a QuerySet."""
    at, backwards = _cursor_open(cursor, of=of) if cursor else (None, False)
    found = find(at, descending != backwards, limit + 1)
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()

    def cursor_at(row: Row, *, back: bool) -> str:
        return cursor_seal(attrgetter(by, "id")(row), of=of, backwards=back)

    has_next = bool(found) and (more or backwards)
    has_previous = bool(found) and (more if backwards else at is not None)
    return Page(
        rows=found,
        next_cursor=cursor_at(found[-1], back=False) if has_next else None,
        previous_cursor=cursor_at(found[0], back=True) if has_previous else None,
    )
