"""Pages of a list that is in a total order: from key to key, so that the last page costs what the first does.

A page begins where another ended, not after a number of rows: no row is shown twice or missed when others are
sold meanwhile. The two columns of the order must be indexed together; the second one is the unique `id`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from homeshield.lib.errors import DomainError


class BadCursor(DomainError):
    """The place in a list that an address names is none of ours: it was cut off or made up."""

    code = "bad_cursor"


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """Some rows of a list, and where the neighbouring pages begin (None where there is none)."""

    rows: list[Row]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Cursor:
    """A place between two rows, and the direction in which to read from there."""

    value: Any
    id: UUID
    backwards: bool

    def __str__(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        text = f"{'<' if self.backwards else '>'}{value}~{self.id}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, by: Any) -> "_Cursor":
        """The place that a cursor names, in a list ordered by the model field `by`. Raises BadCursor."""
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            value, _, key = plain[1:].partition("~")
            if plain[:1] not in ("<", ">"):
                raise ValueError
            place = by.clean(value, None)  # the field refuses a number that its column cannot hold
            if isinstance(place, datetime):
                place = _in_utc(place)
            return cls(place, UUID(key), backwards=plain[0] == "<")
        except (ValueError, OverflowError, ValidationError):
            raise BadCursor("This place in the list is not known. Start again at the first page.") from None


def _in_utc(instant: datetime) -> datetime:
    """Raises ValueError for one without an offset, and OverflowError at the ends of the calendar."""
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset")
    return instant.astimezone(UTC)  # PostgreSQL knows no offsets beyond 16 hours


type Place = tuple[Any, UUID]
"""Where a row stands in the order: its value of the first column, and its id."""


type Find[Row] = Callable[[Place | None, bool, int], list[Row]]
"""Finds rows beyond a place (None: from the beginning), whether in descending order, and how many at most."""


def keyset_page[Row: models.Model](
    rows: models.QuerySet[Row], *, by: str, cursor: str | None, limit: int, descending: bool = False
) -> Page[Row]:
    """The page of `rows`, ordered by the column `by` (an instant or a number) and then by id, that begins at
    `cursor` (None: the first). Raises BadCursor where the cursor cannot be read."""

    def find(beyond: Place | None, reverse: bool, most: int) -> list[Row]:
        further = rows
        if beyond is not None:
            lookup = TupleLessThan if reverse else TupleGreaterThan
            further = rows.filter(lookup(Tuple(F(by), F("id")), beyond))
        return list(further.order_by(*([f"-{by}", "-id"] if reverse else [by, "id"]))[:most])

    field = rows.model._meta.get_field(by)
    return found_page(find, by=field, cursor=cursor, limit=limit, descending=descending)


def found_page[Row](find: Find[Row], *, by: Any, cursor: str | None, limit: int, descending: bool = False) -> Page[Row]:
    """The same of rows that are found in another way than by a QuerySet: they have an `id`, and an attribute of the
    name of the model field `by`."""
    at = _Cursor.parse(cursor, by) if cursor else None
    backwards = at is not None and at.backwards
    found = find((at.value, at.id) if at else None, descending != backwards, limit + 1)
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()

    def cursor_at(row: Row, *, back: bool) -> str:
        return str(_Cursor(*attrgetter(by.name, "id")(row), backwards=back))

    has_next = bool(found) and (more or backwards)
    has_previous = bool(found) and (more if backwards else at is not None)
    return Page(
        rows=found,
        next_cursor=cursor_at(found[-1], back=False) if has_next else None,
        previous_cursor=cursor_at(found[0], back=True) if has_previous else None,
    )
