"""Places an order (contract, "Purchase"). Each step calls the next.

order_place          records a refusal
_once                answers a repeat with the first order
_in_two_passes       skips what other orders hold; if too little is left, waits for it
_with_retries        restarts after a deadlock
_transaction         all of the order, or nothing
_allocate            locks the records
order_write          writes the order (sales/ordering/writing.py)
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from psycopg import errors as pg

from homeshield.accounts.errors import ClientMayNotBuy
from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.services import audit_record
from homeshield.lib.errors import DomainError
from inventory.allocation import waiting
from inventory.allocation.alternatives import explained
from inventory.allocation.services import Filled, inventory_allocate
from inventory.allocation.waiting import Patience
from inventory.buyer import Buyer
from inventory.errors import Shortage
from inventory.models import excluded_among
from pricing.selectors import price_book
from sales.errors import (
    AlreadyOwned,
    Busy,
    DraftBought,
    IdempotencyKeyReused,
    InProgress,
    InvalidIdempotencyKey,
    OnYourLists,
    QuoteUsed,
)
from sales.models import Order
from sales.ordering.baskets import Basket, DraftBasket, NamedBasket, PricedLine, total_of
from sales.ordering.terms import Terms, order_terms
from sales.ordering.writing import order_write

_EXCLUDED_MEANWHILE = ("sale_once_per_client_and_lead", "exclusions_pkey")
_SPENT_MEANWHILE = ("balance_covers_the_order", "budget_covers_the_order")

LONGEST_KEY = 255
"""Characters, as in the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """`api_key_id` is None for purchases on a page."""

    client_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    key: str
    basket: Basket


def order_place_draft(
    *, user: User, draft_id: UUID, version: int, expected_total: Decimal, discount_code: str = "",
    shown_prices: Mapping[UUID, Decimal] = MappingProxyType({}),
) -> Order:  # fmt: skip
    """Buys a draft as the page showed it, for `expected_total` USD with the code. A repeat returns the first order.

    Raises as `order_place`, but DraftBought instead of IdempotencyKeyReused.
    """
    if user.client_id is None:
        raise ClientMayNotBuy
    basket = DraftBasket(
        user_id=user.id, draft_id=draft_id, version=version, total=expected_total, code=discount_code,
        shown_prices=shown_prices,
    )  # fmt: skip
    return order_place(client_id=user.client_id, user_id=user.id, basket=basket, key=f"draft:{draft_id}")


def order_place(
    *, client_id: UUID, user_id: UUID | None, basket: Basket, key: str, api_key_id: UUID | None = None
) -> Order:
    """Buys all of the basket or nothing, at the database's transaction time.

    The same client, key and basket return the first order (`replayed`). A named record that is gone is replaced.

    Raises InvalidIdempotencyKey, IdempotencyKeyReused, ClientMayNotBuy, Shortage with alternatives, AlreadyOwned,
    OnYourLists, QuoteUsed, InsufficientFunds, BudgetExceeded, DiscountCodeRefused, Busy, InProgress, and as
    the basket's `open`.
    """
    if not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):  # rejects NUL, line ends and lone surrogates
        raise InvalidIdempotencyKey(most=LONGEST_KEY)
    purchase = Purchase(client_id=client_id, user_id=user_id, api_key_id=api_key_id, key=key, basket=basket)
    try:
        return _once(purchase)
    except DomainError as refusal:  # recorded after the rollback
        audit_record(
            action=AuditAction.PURCHASE,
            outcome=Outcome.REFUSED,
            client_id=client_id,
            details={"reason": refusal.code},
            as_of=None,
        )
        raise


def _once(purchase: Purchase) -> Order:
    """A repeat of a successful request must succeed whatever now fails: the key, sold stock, a deleted draft, an
    expired quote. A used quote is reported before other failures.
    """
    try:
        return _in_two_passes(purchase)
    except (DomainError, IntegrityError):
        if placed := _placed_before(purchase):
            return placed
        _require_unused_quote(purchase)
        raise


def _in_two_passes(purchase: Purchase) -> Order:
    """A shortage counts only in the second pass, confirmed by a later count."""
    with suppress(Shortage):
        return _with_retries(purchase, wait=None)
    patience = Patience(waiting.PATIENCE)
    for _ in range(waiting.LOOKS):
        try:
            return _with_retries(purchase, wait=patience)
        except Shortage as found:
            book = price_book(client_id=purchase.client_id, as_of=found.as_of, code=_code_of(purchase.basket))
            shortage = explained(found, book.amounts_of)
            if shortage.available < shortage.line.quantity:
                break
    raise shortage


def _with_retries(purchase: Purchase, *, wait: Patience | None) -> Order:
    for _ in range(waiting.ATTEMPTS):
        try:
            return _transaction(purchase, wait=wait)
        except (OperationalError, IntegrityError) as error:
            match error.__cause__:
                case pg.LockNotAvailable():  # records aside, only its own earlier request blocks an order
                    raise InProgress from error
                case pg.DeadlockDetected() | pg.SerializationFailure():
                    pass
                case pg.UniqueViolation(diag=diag) if diag.constraint_name in _EXCLUDED_MEANWHILE:
                    pass  # the client's other order took the lead, in another bucket, or its person
                case pg.CheckViolation(diag=diag) if diag.constraint_name in _SPENT_MEANWHILE:
                    pass  # the client's other order took the money: the next look at the terms says what is missing
                case _:
                    raise
    raise Busy


def _transaction(purchase: Purchase, *, wait: Patience | None) -> Order:
    """Locks records late and writes last, to hold locks briefly. A parallel repeat waits at the unique key, then
    fails.
    """
    with transaction.atomic(durable=True):
        terms = order_terms(
            client_id=purchase.client_id,
            user_id=purchase.user_id,
            api_key_id=purchase.api_key_id,
            code=_code_of(purchase.basket),
        )
        _require_unused_quote(purchase)  # a used quote would lock records first and wait for others
        lines = purchase.basket.open(terms)
        terms.require_money(total := total_of(lines))
        filled = _allocate(purchase.basket, lines, terms, wait=wait)
        order = Order(
            client_id=purchase.client_id,
            placed_by_id=purchase.user_id,
            api_key_id=purchase.api_key_id,
            placed_at_utc=terms.as_of,
            quantity=sum(line.demand.quantity for line in lines),
            total=total,
            quote_id=_quote_of(purchase.basket),
            idempotency_key=purchase.key,
            request_digest=purchase.basket.digest,
        )
        order_write(order=order, lines=lines, filled=filled)
        return order


def _allocate(basket: Basket, lines: Sequence[PricedLine], terms: Terms, *, wait: Patience | None) -> list[Filled]:
    try:
        filled = inventory_allocate(
            demands=[line.demand for line in lines],
            buyer=terms.buyer,
            as_of=terms.as_of,
            wait=wait,
            starts=terms.starts,
        )
    except Shortage:
        _require_none_excluded(basket, terms.buyer)
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, (pg.LockNotAvailable, pg.QueryCanceled)):
            raise Busy from error
        raise
    if any(got.replaced for got in filled):
        _require_none_excluded(basket, terms.buyer)
    return filled


def _placed_before(purchase: Purchase) -> Order | None:
    placed = Order.objects.filter(client_id=purchase.client_id, idempotency_key=purchase.key).first()
    if placed is None:
        return None
    if placed.request_digest != purchase.basket.digest:
        raise DraftBought if isinstance(purchase.basket, DraftBasket) else IdempotencyKeyReused
    placed.replayed = True
    return placed


def _require_unused_quote(purchase: Purchase) -> None:
    """A quote buys once (contract, "Quote")."""
    quote_id = _quote_of(purchase.basket)
    if quote_id and (used := Order.objects.filter(client_id=purchase.client_id, quote_id=quote_id).first()):
        raise QuoteUsed(order_id=used.id)


def _require_none_excluded(basket: Basket, buyer: Buyer) -> None:
    """A lead that is excluded for the client is never replaced. Checked last: it may have bought it meanwhile."""
    if isinstance(basket, NamedBasket):
        owned, listed = excluded_among(basket.ids, buyer)
        if owned:
            raise AlreadyOwned(inventory_ids=owned)
        if listed:
            raise OnYourLists(inventory_ids=listed)


def _code_of(basket: Basket) -> str:
    """A quote holds its prices, even where the code that made them has ended."""
    return "" if _quote_of(basket) else basket.code


def _quote_of(basket: Basket) -> UUID | None:
    return basket.quote_id if isinstance(basket, NamedBasket) else None
