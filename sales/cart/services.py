"""The cart.

Every change locks the draft and increments its version, so that the purchase matches the page.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from psycopg import errors as pg

from homeshield.accounts.models import User
from inventory.allocation import waiting
from inventory.buyer import buyer_of
from inventory.counting.reading import available_counts
from inventory.errors import Alternative, Shortage
from inventory.facts.criteria import MAX_QUANTITY, Criteria, Demand
from pricing.selectors import Prices, prices_in_force
from sales.errors import (
    DraftBusy,
    DraftChanged,
    DraftNotFound,
    LineNotFound,
    QuantityOutOfRange,
    TooManyLines,
)
from sales.models import Draft, DraftLine

MAX_LINES = 50
"""Few enough for one page and one statement."""

FINDS = 3
"""Each time, a purchase may have taken the draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLineSummary:
    """`unit_price` and `amount` are in USD, None without a price."""

    id: UUID
    criteria: Criteria
    quantity: int
    available: int
    unit_price: Decimal | None
    amount: Decimal | None

    @property
    def is_short(self) -> bool:
        return self.available < self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSummary:
    """`total` is in USD, None while a line has no price."""

    draft_id: UUID | None
    version: int
    lines: list[DraftLineSummary]
    quantity: int
    total: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOffer:
    """An alternative that replaces the short line. If the draft has a line of these criteria, it joins that, which then
    has `together` leads.
    """

    alternative: Alternative
    quantity: int
    together: int

    @property
    def amount(self) -> Decimal:
        """USD."""
        return self.alternative.unit_price * self.quantity

    @property
    def joins(self) -> bool:
        return self.together > self.quantity

    @property
    def is_cut(self) -> bool:
        """Whether MAX_QUANTITY per line cut the alternative."""
        return self.quantity < self.alternative.quantity


def draft_line_add(*, user: User, criteria: Criteria, quantity: int) -> None:
    """Adds to the draft, or to its line of the same criteria.

    Raises QuantityOutOfRange (a line has 1 to 1000), TooManyLines, and, like all changes, DraftBusy.
    """
    with _changing(user) as draft:
        line = _line_of(draft, criteria)
        if line is None and draft.lines.count() >= MAX_LINES:
            raise TooManyLines(most=MAX_LINES)
        _put(draft, line, criteria, quantity + (line.quantity if line else 0))


def draft_quantities_change(*, user: User, quantities: Mapping[UUID, int], version: int | None = None) -> None:
    """Raises LineNotFound, QuantityOutOfRange, and DraftChanged if a change is needed but `version` is stale."""
    with _changing(user) as draft:
        lines = {line.id: line for line in draft.lines.all()}
        if not quantities.keys() <= lines.keys():
            raise LineNotFound
        changed = [line for line_id, line in lines.items() if quantities.get(line_id, line.quantity) != line.quantity]
        if changed and version not in {None, draft.version}:
            raise DraftChanged
        for line in changed:
            _put(draft, line, line.criteria, quantities[line.id])


def draft_quantities_take_over(*, user: User, draft_id: UUID, version: int, quantities: Mapping[UUID, int]) -> bool:
    """Applies the quantities on the page before a purchase: they may have just been typed.

    Returns True if the page must show a new total first, because quantities changed now or just before in the page's
    own request. If False, the purchase itself checks draft and version. Raises as `draft_quantities_change` does.
    """
    draft = Draft.objects.filter(id=draft_id, user=user).first()
    if draft is None:
        return False
    current = {line.id: line.quantity for line in draft.lines.all()}
    if draft.version == version and quantities.items() <= current.items():
        return False
    if draft.version != version and quantities.keys() != current.keys():
        return False
    draft_quantities_change(user=user, quantities=quantities, version=version)
    return True


def draft_line_replace(*, user: User, line_id: UUID, criteria: Criteria, quantity: int) -> None:
    """Replaces a line, merging with one of the same criteria. Raises LineNotFound, QuantityOutOfRange."""
    with _changing(user) as draft:
        line = _get(draft, line_id)
        twin = _line_of(draft, criteria)
        if twin is not None and twin.id != line.id:
            quantity += twin.quantity
            _require_in_range(quantity)
            twin.delete()
        _put(draft, line, criteria, quantity)


def draft_line_remove(*, user: User, line_id: UUID) -> None:
    """Raises LineNotFound."""
    with _changing(user) as draft:
        _get(draft, line_id).delete()
        _touch(draft)


def draft_take(*, user_id: UUID, draft_id: UUID, version: int) -> list[Demand]:
    """Deletes a draft within the purchase's transaction and returns its demands.

    Raises DraftNotFound, DraftChanged.
    """
    draft = Draft.objects.select_for_update().filter(id=draft_id, user_id=user_id).first()
    if draft is None:
        raise DraftNotFound
    if draft.version != version:
        raise DraftChanged
    demands = [line.demand for line in draft.lines.all()]
    draft.delete()
    return demands


def draft_summary(*, user: User, as_of: datetime) -> DraftSummary:
    """Returns the draft with stock and prices, in as many statements for fifty lines as for one."""
    draft = Draft.objects.filter(user=user).first()
    lines = list(draft.lines.all()) if draft else []
    prices = prices_in_force(as_of)
    asked = [line.criteria for line in lines]
    stock = available_counts(criteria=asked, buyer=buyer_of(user), as_of=as_of) if asked else {}
    summaries = [_summary(line, stock[line.criteria], prices) for line in lines]
    amounts = [line.amount for line in summaries]
    return DraftSummary(
        draft_id=draft.id if draft else None,
        version=draft.version if draft else 0,
        lines=summaries,
        quantity=sum(line.quantity for line in summaries),
        total=None if None in amounts else sum(filter(None, amounts), Decimal("0.00")),
    )


def _summary(line: DraftLine, available: int, prices: Prices) -> DraftLineSummary:
    criteria = line.criteria
    assert criteria.classification is not None
    assert criteria.age_bucket is not None
    price = prices.get((criteria.classification, criteria.age_bucket))
    return DraftLineSummary(
        id=line.id,
        criteria=criteria,
        quantity=line.quantity,
        available=available,
        unit_price=price,
        amount=price * line.quantity if price is not None else None,
    )


def draft_offers(*, draft: DraftSummary, shortage: Shortage) -> list[DraftOffer]:
    """Returns the alternatives that the draft can take. Joining a line is cut to 1000 leads; a full line takes none."""
    twins = {line.criteria: line.quantity for line in draft.lines if line.criteria != shortage.line.criteria}
    offers = []
    for alternative in shortage.alternatives:
        there = twins.get(alternative.criteria, 0)
        if quantity := min(alternative.quantity, MAX_QUANTITY - there):
            offers.append(DraftOffer(alternative=alternative, quantity=quantity, together=there + quantity))
    return offers


def draft_quantity(user: User) -> int:
    """Returns how many leads the draft asks for."""
    return DraftLine.objects.filter(draft__user=user).aggregate(sum=Sum("quantity"))["sum"] or 0


@contextmanager
def _changing(user: User) -> Iterator[Draft]:
    """Locks the user's draft, or a new one. Raises DraftBusy."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [waiting.LOCK_TIMEOUT])
            yield _locked(user)
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise DraftBusy from error
        raise


def _locked(user: User) -> Draft:
    """Whoever waited for a purchase finds the draft gone."""
    for _ in range(FINDS):
        Draft.objects.get_or_create(user=user)
        if draft := Draft.objects.select_for_update().filter(user=user).first():
            return draft
    raise DraftBusy


def _line_of(draft: Draft, criteria: Criteria) -> DraftLine | None:
    return draft.lines.filter(
        classification=criteria.classification,
        age_bucket=criteria.age_bucket,
        state=criteria.place.state,
        county=criteria.place.county,
    ).first()


def _get(draft: Draft, line_id: UUID) -> DraftLine:
    line = draft.lines.filter(id=line_id).first()
    if line is None:
        raise LineNotFound
    return line


def _put(draft: Draft, line: DraftLine | None, criteria: Criteria, quantity: int) -> None:
    """Writes a new line, or overwrites `line`."""
    _require_in_range(quantity)
    line = line or DraftLine(draft=draft)
    line.classification = str(criteria.classification)
    line.age_bucket = str(criteria.age_bucket)
    line.state, line.county = criteria.place.state, criteria.place.county
    line.quantity = quantity
    line.save()
    _touch(draft)


def _require_in_range(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityOutOfRange(quantity=quantity)


def _touch(draft: Draft) -> None:
    draft.version += 1
    draft.save(update_fields=["version"])
