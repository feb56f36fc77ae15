"""Finding a client's purchased leads: by name, phone, city, county, order and month.

Time and work grow with what is found, not with what was bought: prefixes are ranges of indexes (models.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Lower

from homeshield.lib.keyset import BadCursor, Page, Position, found_page
from sales.history.models import PurchasedLead
from sales.history.months import month_bounds
from sales.models import Order, Sale
from sales.returns.selectors import returned_among

LONGEST_TEXT = 100
MOST_WORDS = 6
LEAST_DIGITS = 3
MOST_COUNTED = 1000
"""Further ones are not counted: a search takes as long for a million leads as for a thousand."""

NEWEST = "newest"
SORTS: Mapping[str, tuple[str, bool, tuple[str, ...]]] = MappingProxyType(
    {
        NEWEST: ("Newest first", True, ("sold_at_utc",)),
        "oldest": ("Oldest first", False, ("sold_at_utc",)),
        "name": ("Name", False, ("last_name", "first_name")),
        "city": ("City", False, ("city",)),
        "county": ("County", False, ("county_lower",)),
        "called": ("Called last", True, ("called_at_utc",)),
        "line": ("As ordered", False, ("line_number",)),
    }
)
"""Label, whether descending, and columns. `line` is for one order."""

_NAMES = ("last_name", "first_name", "city", "county_lower")
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSearch:
    """`text` is what somebody typed. `month` is the first day of a month (UTC)."""

    text: str = ""
    state: str | None = None
    county: str | None = None
    month: date | None = None
    sort: str = NEWEST
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """How many purchased leads are of a county; the empty one is unknown."""

    state: str
    county: str
    leads: int


def purchases_refresh(client_id: UUID) -> int:
    """Takes in the orders since the last time, so that what follows finds every lead. Returns how many leads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purchases_take_in(%s)", [client_id])
        taken: int = cursor.fetchone()[0]
    return taken


def purchases_catch_up() -> int:
    """The same for every client, so that nobody waits for many at once. For the scheduler, once an hour."""
    left = Order.objects.filter(~Exists(PurchasedLead.objects.filter(order_id=OuterRef("id"))))
    return sum(purchases_refresh(client_id) for client_id in set(left.order_by().values_list("client_id", flat=True)))


def purchases_page(*, client_id: UUID, asked: LeadSearch, cursor: str | None, limit: int) -> Page[Sale]:
    """Returns the sales that match, with lead, order and `returned`. Raises BadCursor."""
    _, descending, columns = SORTS[asked.sort]
    matching = purchases_matching(client_id=client_id, asked=asked)

    def find(beyond: Position | None, reverse: bool, most: int) -> list[Sale]:
        further = matching
        if beyond is not None:
            lookup = TupleLessThan if reverse else TupleGreaterThan
            further = further.filter(lookup(Tuple(*map(F, columns), F("sale_id")), _place(client_id, columns, beyond)))
        sign = "-" if reverse else ""
        ordered = further.order_by(*(f"{sign}{name}" for name in (*columns, "sale_id")))
        return _sales(list(ordered.values_list("sale_id", flat=True)[:most]))

    return found_page(
        find, by="line_number", of=f"purchases of {client_id}, {asked}", cursor=cursor, limit=limit,
        descending=descending,
    )  # fmt: skip


def purchases_count(*, client_id: UUID, asked: LeadSearch) -> int:
    """Returns how many match; MOST_COUNTED + 1 if there are more than that."""
    return purchases_matching(client_id=client_id, asked=asked)[: MOST_COUNTED + 1].count()


def purchases_matching(*, client_id: UUID, asked: LeadSearch) -> QuerySet[PurchasedLead]:
    found = PurchasedLead.objects.filter(client_id=client_id)
    if asked.order_id is not None:
        found = found.filter(order_id=asked.order_id)
    if asked.state is not None:
        found = found.filter(state=asked.state)
    if asked.county is not None:
        found = found.filter(county=asked.county)
    if asked.month is not None:
        first, next_first = month_bounds(asked.month)
        found = found.filter(sold_at_utc__gte=first, sold_at_utc__lt=next_first)
    return found.filter(_matches(asked.text, client_id)) if asked.text else found


def order_places(*, client_id: UUID, order_id: UUID) -> list[PlaceCount]:
    """Where the leads of an order are."""
    counted = (
        PurchasedLead.objects.filter(client_id=client_id, order_id=order_id)
        .order_by()
        .values_list("state", "county")
        .annotate(leads=Count("*"))
    )
    return [PlaceCount(state, county, leads) for state, county, leads in counted]


def _place(client_id: UUID, columns: tuple[str, ...], beyond: Position) -> tuple[Any, ...]:
    """The cursor names a sale alone, so no address holds what is sorted by."""
    at = PurchasedLead.objects.filter(client_id=client_id, sale_id=beyond[1]).values_list(*columns).first()
    if at is None:
        raise BadCursor
    return (*at, beyond[1])


def _sales(ids: list[UUID]) -> list[Sale]:
    """In this order."""
    sales = Sale.objects.select_related("lead", "order").in_bulk(ids)
    returned = returned_among(ids)
    for sale in sales.values():
        sale.returned = returned.get(sale.id)
    return [sales[each] for each in ids]


def _matches(text: str, client_id: UUID) -> Q:
    """A phone number, or words that each begin a name, city or county. `#10432` is an order."""
    if digits := _phone_digits(text):
        return _begins("phone", digits)
    words = re.split(r"[\s,]+", text.strip(" ,"))[:MOST_WORDS]
    return reduce(or_, _readings(words, client_id))


def _readings(words: list[str], client_id: UUID) -> Iterator[Q]:
    """Word by word, and with two or three neighbors as one: "Ruiz San Antonio", "De La Cruz"."""
    for length in range(1, 4):
        for at in range(len(words) - length + 1 if length > 1 else 1):
            merged = [*words[:at], " ".join(words[at : at + length]), *words[at + length :]]
            yield reduce(and_, (_word(word, client_id) for word in merged))


def _word(word: str, client_id: UUID) -> Q:
    if number := re.fullmatch(r"#(\d{1,9})", word):
        return Q(order_id__in=Order.objects.filter(client_id=client_id, number=int(number[1])).values("id"))
    digits = _phone_digits(word)
    return _begins("phone", digits) if digits else reduce(or_, (_begins(column, word) for column in _NAMES))


def _phone_digits(text: str) -> str:
    """The digits if the text is (the beginning of) a phone number, without a leading 1."""
    if not re.fullmatch(r"[\d\s().+-]+", text, flags=re.ASCII):
        return ""
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    digits = digits[1:] if digits.startswith("1") else digits  # no area code begins with 1
    return digits if len(digits) >= LEAST_DIGITS else ""


def _begins(column: str, text: str) -> Q:
    """A range, because row security lets no index answer LIKE."""
    return Q(**{f"{column}__gte": Lower(Value(text)), f"{column}__lt": Lower(Value(text + _LAST))})
