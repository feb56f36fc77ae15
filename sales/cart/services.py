"""The cart.

Every change locks the draft and increments its version, so that the purchase matches the page.

`seen_at` is the instant of the page on which the buyer acted: the prices of the lines that it changes are known from
then on. Without it, a line keeps the instant whose price the buyer knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, transaction
from psycopg import errors as pg

from homeshield.accounts.models import User
from homeshield.lib.locks import lock_timeout_set
from inventory.allocation import waiting
from inventory.facts.criteria import MAX_QUANTITY, Criteria, Demand
from pricing.discounts.codes import code_of, code_require
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


@dataclass(frozen=True, slots=True)
class Added:
    """`now` is what the line has with what it had before."""

    criteria: Criteria
    quantity: int
    now: int


def draft_line_add(*, user: User, criteria: Criteria, quantity: int) -> None:
    """Adds to the draft, or to its line of the same criteria. Raises as `draft_lines_add`."""
    draft_lines_add(user=user, lines=[(criteria, quantity)])


def draft_lines_add(*, user: User, lines: Sequence[tuple[Criteria, int]]) -> list[Added]:
    """Adds all of the lines, or, if one cannot be added, nothing.

    Raises QuantityOutOfRange (a line has 1 to 1000), TooManyLines, and, like all changes, DraftBusy.
    """
    added = []
    with _changing(user) as draft:
        there = {line.criteria: line for line in draft.lines.all()}
        for criteria, quantity in lines:
            line = there.get(criteria)
            if line is None and len(there) >= MAX_LINES:
                raise TooManyLines(most=MAX_LINES)
            now = quantity + (line.quantity if line else 0)
            there[criteria] = _put(draft, line, criteria, now)
            added.append(Added(criteria, quantity, now))
    return added


def draft_quantities_change(
    *, user: User, quantities: Mapping[UUID, int], version: int | None = None, seen_at: datetime | None = None
) -> None:
    """Raises LineNotFound, QuantityOutOfRange, and DraftChanged if a change is needed but `version` is stale."""
    with _changing(user) as draft:
        lines = {line.id: line for line in draft.lines.all()}
        if not quantities.keys() <= lines.keys():
            raise LineNotFound
        changed = [line for line_id, line in lines.items() if quantities.get(line_id, line.quantity) != line.quantity]
        if changed and version not in {None, draft.version}:
            raise DraftChanged
        for line in changed:
            _put(draft, line, line.criteria, quantities[line.id], seen_at)


def draft_quantities_take_over(
    *, user: User, draft_id: UUID, version: int, quantities: Mapping[UUID, int], seen_at: datetime | None = None
) -> bool:
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
    draft_quantities_change(user=user, quantities=quantities, version=version, seen_at=seen_at)
    return True


def draft_prices_keep(*, user: User, line_id: UUID | None, seen_at: datetime) -> None:
    """Accepts the price of a line, or of all, as a page showed it at `seen_at`. What is bought stays the same, and so
    does the version. Raises LineNotFound.
    """
    with _changing(user) as draft:
        for line in draft.lines.all() if line_id is None else [_get(draft, line_id)]:
            _know(line, seen_at)
            line.save(update_fields=["priced_at_utc"])


def draft_line_replace(
    *, user: User, line_id: UUID, criteria: Criteria, quantity: int, seen_at: datetime | None = None
) -> None:
    """Replaces a line, merging with one of the same criteria. Raises LineNotFound, QuantityOutOfRange."""
    with _changing(user) as draft:
        line = _get(draft, line_id)
        twin = _line_of(draft, criteria)
        if twin is not None and twin.id != line.id:
            quantity += twin.quantity
            _require_in_range(quantity)
            twin.delete()
        _put(draft, line, criteria, quantity, seen_at)


def draft_take_available(*, user: User, version: int, available: Mapping[UUID, int]) -> None:
    """Gives lines the quantities that are there; those of which nothing is there go. Raises DraftChanged."""
    with _changing(user) as draft:
        if version != draft.version:
            raise DraftChanged
        for line in draft.lines.all():
            there = available.get(line.id, line.quantity)
            if there > 0:
                _put(draft, line, line.criteria, there)
            else:
                line.delete()
                _touch(draft)


def draft_line_remove(*, user: User, line_id: UUID) -> None:
    """Raises LineNotFound."""
    with _changing(user) as draft:
        _get(draft, line_id).delete()
        _touch(draft)


def draft_code_set(*, user: User, typed: str, as_of: datetime) -> None:
    """Puts a discount code into the draft in the place of the one before; an empty one takes it out.

    Raises DiscountCodeRefused, and then the draft keeps its code.
    """
    code = code_of(typed)
    if code:
        code_require(code, client_id=user.client_id, as_of=as_of)
    with _changing(user) as draft:
        if draft.discount_code != code:
            draft.discount_code = code
            draft.save(update_fields=["discount_code"])
            _touch(draft)


def draft_take(*, user_id: UUID, draft_id: UUID, version: int) -> dict[UUID, Demand]:
    """Deletes a draft within the purchase's transaction and returns its demands, by line.

    Raises DraftNotFound, DraftChanged.
    """
    draft = Draft.objects.select_for_update().filter(id=draft_id, user_id=user_id).first()
    if draft is None:
        raise DraftNotFound
    if draft.version != version:
        raise DraftChanged
    demands = {line.id: line.demand for line in draft.lines.all()}
    draft.delete()
    return demands


@contextmanager
def _changing(user: User) -> Iterator[Draft]:
    """Locks the user's draft, or a new one. Raises DraftBusy."""
    try:
        with transaction.atomic():
            lock_timeout_set(waiting.LOCK_TIMEOUT)
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
    return next((line for line in draft.lines.all() if line.criteria == criteria), None)


def _get(draft: Draft, line_id: UUID) -> DraftLine:
    line = draft.lines.filter(id=line_id).first()
    if line is None:
        raise LineNotFound
    return line


def _put(
    draft: Draft, line: DraftLine | None, criteria: Criteria, quantity: int, seen_at: datetime | None = None
) -> DraftLine:
    """Writes a new line, or overwrites `line`."""
    _require_in_range(quantity)
    if line is None:
        line = DraftLine(draft=draft)
    elif seen_at is not None:
        _know(line, seen_at)
    line.classification = str(criteria.classification)
    line.age_bucket = str(criteria.age_bucket)
    line.state, line.county = criteria.place.state, criteria.place.county
    line.territory = criteria.territory.as_text if criteria.territory else None
    line.quantity = quantity
    line.save()
    _touch(draft)
    return line


def _know(line: DraftLine, seen_at: datetime) -> None:
    line.priced_at_utc = max(line.priced_at_utc, seen_at)


def _require_in_range(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityOutOfRange(quantity=quantity)


def _touch(draft: Draft) -> None:
    draft.version += 1
    draft.save(update_fields=["version"])
