"""Placing an order (contract, "Purchase"). The steps stand in the order in which they are taken: each calls the next.

order_place          records a refusal
_once                answers the repeat of a request with its first order
_in_two_passes       passes by what other orders hold; where that is too little, waits for it
_with_retries        begins again after a deadlock
_transaction         all of the order, or nothing
_allocate            locks the records
order_write          writes the order (sales/ordering/writing.py)
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
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
from inventory.models import InventoryRecord
from pricing.selectors import prices_in_force
from sales.errors import (
    AlreadyOwned,
    Busy,
    DraftBought,
    IdempotencyKeyReused,
    InProgress,
    InvalidIdempotencyKey,
    QuoteUsed,
)
from sales.models import Order
from sales.ordering.baskets import Basket, DraftBasket, NamedBasket, PricedLine, total_of
from sales.ordering.terms import Terms, order_terms
from sales.ordering.writing import order_write

_EXCLUDED_MEANWHILE = ("sale_once_per_client_and_lead", "exclusions_pkey")

LONGEST_KEY = 255
"""Characters of an idempotency key, as the column counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Who buys what, under which key; and the API key that the request came by, if it did."""

    client_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    key: str
    basket: Basket


def order_place_draft(*, user: User, draft_id: UUID, version: int, expected_total: Decimal) -> Order:
    """Buys a user's draft as a page showed it, for `expected_total` USD. The draft's id is the key, so a repeat returns
    the first order. Raises what `order_place` raises, and DraftBought instead of IdempotencyKeyReused."""
    if user.client_id is None:
        raise ClientMayNotBuy
    basket = DraftBasket(user_id=user.id, draft_id=draft_id, version=version, total=expected_total)
    return order_place(client_id=user.client_id, user_id=user.id, basket=basket, key=f"draft:{draft_id}")


def order_place(
    *, client_id: UUID, user_id: UUID | None, basket: Basket, key: str, api_key_id: UUID | None = None
) -> Order:
    """Buys all of the basket, or nothing, as of the database's transaction time.

    The same client, key and basket return the first order (`replayed`) and sell nothing more. A record that was named
    and is gone is replaced (`replaced` of its line).

    Raises InvalidIdempotencyKey for a key that is not 1 to 255 printable characters, and IdempotencyKeyReused where it
    came with another basket before; ClientMayNotBuy, Shortage with alternatives, AlreadyOwned, QuoteUsed, Busy,
    InProgress; and what the basket's `open` raises.
    """
    if not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):  # NUL, line ends and lone surrogates are not
        raise InvalidIdempotencyKey(most=LONGEST_KEY)
    purchase = Purchase(client_id=client_id, user_id=user_id, api_key_id=api_key_id, key=key, basket=basket)
    try:
        return _once(purchase)
    except DomainError as refusal:  # its record would not survive the rollback
        audit_record(
            action=AuditAction.PURCHASE,
            outcome=Outcome.REFUSED,
            client_id=client_id,
            details={"reason": refusal.code},
            as_of=None,
        )
        raise


def _once(purchase: Purchase) -> Order:
    """Whatever stands in the way (the key itself, stock that the first request took, a draft that is gone, a quote that
    has expired) does not matter to the repeat of a request that went through. Likewise, where another order has used
    the quote, that is the reason, and not what else this one met."""
    try:
        return _in_two_passes(purchase)
    except (DomainError, IntegrityError):
        if placed := _placed_before(purchase):
            return placed
        _require_unused_quote(purchase)
        raise


def _in_two_passes(purchase: Purchase) -> Order:
    """Only what is short in the second pass, and by a count made after it, is a shortage."""
    with suppress(Shortage):
        return _with_retries(purchase, wait=None)
    patience = Patience(waiting.PATIENCE)
    for _ in range(waiting.LOOKS):
        try:
            return _with_retries(purchase, wait=patience)
        except Shortage as found:
            shortage = explained(found, prices_in_force(found.as_of))
            if shortage.available < shortage.line.quantity:
                break
    raise shortage


def _with_retries(purchase: Purchase, *, wait: Patience | None) -> Order:
    for _ in range(waiting.ATTEMPTS):
        try:
            return _transaction(purchase, wait=wait)
        except (OperationalError, IntegrityError) as error:
            match error.__cause__:
                case pg.LockNotAvailable():  # records aside, an order waits for its own earlier request alone
                    raise InProgress from error
                case pg.DeadlockDetected() | pg.SerializationFailure():
                    pass
                case pg.UniqueViolation(diag=diag) if diag.constraint_name in _EXCLUDED_MEANWHILE:
                    pass  # the client's other order came first to the lead, in another bucket, or to its person
                case _:
                    raise
    raise Busy


def _transaction(purchase: Purchase, *, wait: Patience | None) -> Order:
    """Records are locked late and everything is written at the end, so that locks are held for as short as possible.
    The same request at the same time waits at the order's unique key, and then fails."""
    with transaction.atomic(durable=True):
        terms = order_terms(client_id=purchase.client_id)
        _require_unused_quote(purchase)  # or a used one would lock records first, and wait for what others hold
        lines = purchase.basket.open(terms)
        filled = _allocate(purchase.basket, lines, terms, wait=wait)
        order = Order(
            client_id=purchase.client_id,
            placed_by_id=purchase.user_id,
            api_key_id=purchase.api_key_id,
            placed_at_utc=terms.as_of,
            quantity=sum(line.demand.quantity for line in lines),
            total=total_of(lines),
            quote_id=_quote_of(purchase.basket),
            idempotency_key=purchase.key,
            request_digest=purchase.basket.digest,
        )
        order_write(order=order, lines=lines, filled=filled)
        return order


def _allocate(basket: Basket, lines: Sequence[PricedLine], terms: Terms, *, wait: Patience | None) -> list[Filled]:
    try:
        filled = inventory_allocate(
            demands=[line.demand for line in lines], buyer=terms.buyer, as_of=terms.as_of, wait=wait
        )
    except Shortage:
        _require_none_owned(basket, terms.buyer)
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, (pg.LockNotAvailable, pg.QueryCanceled)):
            raise Busy from error
        raise
    if any(got.replaced for got in filled):
        _require_none_owned(basket, terms.buyer)
    return filled


# --- What the steps ask ---


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


def _require_none_owned(basket: Basket, buyer: Buyer) -> None:
    """Nothing is sold in the place of a lead that the client owns. Asked last: another order of the client's may have
    bought it while this one waited."""
    if isinstance(basket, NamedBasket):
        named = InventoryRecord.objects.filter(id__in=basket.ids).owned_by(buyer)
        owned = set(named.values_list("id", flat=True))
        if owned:
            raise AlreadyOwned(inventory_ids=[key for key in dict.fromkeys(basket.ids) if key in owned])


def _quote_of(basket: Basket) -> UUID | None:
    return basket.quote_id if isinstance(basket, NamedBasket) else None
