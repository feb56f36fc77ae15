"""The order that a user is putting together, before it is bought.

Every change locks the draft's row and counts its version up: what is bought is what the page showed.
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
"""The most lines that a draft has: all of them stand on one page, and are counted in one statement."""

FINDS = 3
"""How often a draft is looked for: each time, a purchase may have taken the one that was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLineSummary:
    """A line as it stands at one instant: what is in stock for it, and what it costs in USD (None: no price)."""

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
    """A draft at one instant; `total` in USD is None while a line has no price."""

    draft_id: UUID | None
    version: int
    lines: list[DraftLineSummary]
    quantity: int
    total: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOffer:
    """An alternative as one click puts it into the draft: `quantity` leads in the place of the short line. Where the
    draft has a line of these criteria already they join it, and it then has `together`."""

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
        """Whether it is less than the alternative, because one line has MAX_QUANTITY leads at most."""
        return self.quantity < self.alternative.quantity


def draft_line_add(*, user: User, criteria: Criteria, quantity: int) -> None:
    """Adds to the user's draft; where it has a line of these criteria, to that line's quantity.

    Raises QuantityOutOfRange where the line would leave 1 to 1000, TooManyLines, and like all changes of a draft
    DraftBusy where a purchase, or another change, holds it for longer than a request waits.
    """
    with _changing(user) as draft:
        line = _line_of(draft, criteria)
        if line is None and draft.lines.count() >= MAX_LINES:
            raise TooManyLines(most=MAX_LINES)
        _put(draft, line, criteria, quantity + (line.quantity if line else 0))


def draft_quantities_change(*, user: User, quantities: Mapping[UUID, int], version: int | None = None) -> None:
    """Gives lines other quantities, by their ids. Raises LineNotFound, QuantityOutOfRange; and DraftChanged where there
    is something to change in a draft whose version is not the given one any more."""
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
    """Before a draft is bought: gives its lines the quantities that the page shows, typed a moment ago perhaps.

    True where the page's total was another order's, so that the buyer has to see the new one first: the quantities
    were changed now, or just before by the page's own request. False where there is nothing to take over: then the
    purchase tells by draft and version whether it is what the page showed. Raises what `draft_quantities_change` does.
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
    """Puts other criteria and another quantity in the place of a line, as an alternative does; where another line
    has these criteria already, the two become one. Raises LineNotFound, QuantityOutOfRange."""
    with _changing(user) as draft:
        line = _get(draft, line_id)
        twin = _line_of(draft, criteria)
        if twin is not None and twin.id != line.id:
            quantity += twin.quantity
            _require_in_range(quantity)
            twin.delete()
        _put(draft, line, criteria, quantity)


def draft_line_remove(*, user: User, line_id: UUID) -> None:
    """Takes a line out of the draft. Raises LineNotFound."""
    with _changing(user) as draft:
        _get(draft, line_id).delete()
        _touch(draft)


def draft_take(*, user_id: UUID, draft_id: UUID, version: int) -> list[Demand]:
    """Claims a draft for the purchase that the current transaction makes: its lines as demands, and it is gone.

    Raises DraftNotFound where it is not there (any more), DraftChanged where its version is another.
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
    """The draft with stock and prices at `as_of`, in as many statements for fifty lines as for one."""
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
    """The alternatives as the draft can take them. Where it has a line of the same criteria the two become one, which
    has 1000 leads at most: the offer is cut to that, and left out where that line is full."""
    twins = {line.criteria: line.quantity for line in draft.lines if line.criteria != shortage.line.criteria}
    offers = []
    for alternative in shortage.alternatives:
        there = twins.get(alternative.criteria, 0)
        if quantity := min(alternative.quantity, MAX_QUANTITY - there):
            offers.append(DraftOffer(alternative=alternative, quantity=quantity, together=there + quantity))
    return offers


def draft_quantity(user: User) -> int:
    """How many leads the user's draft asks for."""
    return DraftLine.objects.filter(draft__user=user).aggregate(sum=Sum("quantity"))["sum"] or 0


@contextmanager
def _changing(user: User) -> Iterator[Draft]:
    """A transaction that holds the user's draft, made where there is none. Raises DraftBusy."""
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
    """The one who waits for a purchase finds the draft gone when the purchase is through, and begins the next."""
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
    """Writes a line: a new one at the end, or in the place of the one there."""
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
