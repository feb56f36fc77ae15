"""The order that a user is putting together, before it is bought.

Every change locks the draft's row and counts its version up: what is bought is what the page showed.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from homeshield.accounts.models import User
from inventory.availability import available_count
from inventory.criteria import MAX_QUANTITY, Criteria, Demand
from pricing.selectors import prices_in_force
from sales.errors import DraftChanged, DraftNotFound, LineNotFound, QuantityOutOfRange
from sales.models import Draft, DraftLine


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


def draft_line_add(*, user: User, criteria: Criteria, quantity: int) -> None:
    """Adds to the user's draft; where it has a line of these criteria, to that line's quantity.

    Raises QuantityOutOfRange where the line would leave 1 to 1000.
    """
    with transaction.atomic():
        draft = _locked(user)
        line = _line_of(draft, criteria)
        _put(draft, line, criteria, quantity + (line.quantity if line else 0))


def draft_line_change(*, user: User, line_id: UUID, quantity: int) -> None:
    """Gives a line another quantity. Raises LineNotFound, QuantityOutOfRange."""
    with transaction.atomic():
        draft = _locked(user)
        line = _get(draft, line_id)
        _put(draft, line, line.criteria, quantity)


def draft_line_replace(*, user: User, line_id: UUID, criteria: Criteria, quantity: int) -> None:
    """Puts other criteria and another quantity in the place of a line, as an alternative does; where another line
    has these criteria already, the two become one. Raises LineNotFound, QuantityOutOfRange."""
    with transaction.atomic():
        draft = _locked(user)
        line = _get(draft, line_id)
        twin = _line_of(draft, criteria)
        if twin is not None and twin.id != line.id:
            quantity += twin.quantity
            _require_in_range(quantity)
            twin.delete()
        _put(draft, line, criteria, quantity)


def draft_line_remove(*, user: User, line_id: UUID) -> None:
    """Takes a line out of the draft. Raises LineNotFound."""
    with transaction.atomic():
        draft = _locked(user)
        _get(draft, line_id).delete()
        _touch(draft)


def draft_take(*, user: User, draft_id: UUID, version: int) -> list[Demand]:
    """Claims a draft for the purchase that the current transaction makes: its lines as demands, and it is gone.

    Raises DraftNotFound where it is not there (any more), DraftChanged where its version is another.
    """
    draft = Draft.objects.select_for_update().filter(id=draft_id, user=user).first()
    if draft is None:
        raise DraftNotFound
    if draft.version != version:
        raise DraftChanged
    demands = [line.demand for line in draft.lines.all()]
    draft.delete()
    return demands


def draft_summary(*, user: User, as_of: datetime) -> DraftSummary:
    """The draft with stock and prices at `as_of`."""
    draft = Draft.objects.filter(user=user).first()
    lines = list(draft.lines.all()) if draft else []
    prices = prices_in_force(as_of)
    summaries = []
    for line in lines:
        criteria = line.criteria
        assert criteria.classification is not None
        assert criteria.age_bucket is not None
        price = prices.get((criteria.classification, criteria.age_bucket))
        summaries.append(
            DraftLineSummary(
                id=line.id,
                criteria=criteria,
                quantity=line.quantity,
                available=available_count(criteria=criteria, client_id=user.client_id, as_of=as_of),
                unit_price=price,
                amount=price * line.quantity if price is not None else None,
            )
        )
    amounts = [line.amount for line in summaries]
    return DraftSummary(
        draft_id=draft.id if draft else None,
        version=draft.version if draft else 0,
        lines=summaries,
        quantity=sum(line.quantity for line in summaries),
        total=None if None in amounts else sum(filter(None, amounts), Decimal("0.00")),
    )


def draft_quantity(user: User) -> int:
    """How many leads the user's draft asks for."""
    return DraftLine.objects.filter(draft__user=user).aggregate(sum=Sum("quantity"))["sum"] or 0


def _locked(user: User) -> Draft:
    """The user's draft, made where there is none, held until the transaction ends."""
    Draft.objects.get_or_create(user=user)
    return Draft.objects.select_for_update().get(user=user)


def _line_of(draft: Draft, criteria: Criteria) -> DraftLine | None:
    return draft.lines.filter(
        classification=criteria.classification,
        age_bucket=criteria.age_bucket,
        state=criteria.state,
        county=criteria.county,
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
    line.state, line.county = criteria.state, criteria.county
    line.quantity = quantity
    line.save()
    _touch(draft)


def _require_in_range(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityOutOfRange(quantity)


def _touch(draft: Draft) -> None:
    draft.version += 1
    draft.save(update_fields=["version"])
