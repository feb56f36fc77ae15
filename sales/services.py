"""Placing an order (contract, "Purchase"): by criteria, as a draft, or by inventory ids.

Each is tried without waiting first, so that orders pass one another by; when that leaves a line short, everything is
released and tried once more, waiting for what other orders hold. Only then is a shortage a shortage.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from homeshield.accounts.errors import ClientMayNotBuy
from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.services import audit_record
from homeshield.lib.errors import DomainError
from homeshield.lib.patience import Patience
from inventory.alternatives import Alternative, shortage
from inventory.criteria import Demand
from pricing.errors import NoPrice
from pricing.selectors import Prices, prices_in_force
from sales import terms
from sales.attempt import KeyTaken, Purchase, QuoteTaken, Short, attempt
from sales.baskets import CriteriaBasket, DraftBasket, NamedBasket
from sales.errors import InsufficientInventory, PricedAlternative
from sales.keys import require_valid
from sales.models import Order


def order_place(
    *,
    client_id: UUID,
    user_id: UUID | None,
    demands: Sequence[Demand],
    key: str,
    api_key_id: UUID | None = None,
    expected_total: Decimal | None = None,
    as_of: datetime | None = None,
) -> Order:
    """Buys all of the demands, or nothing, at the prices in force at one instant: `as_of`, or where none is given the
    database's transaction time, on which all workers agree.

    The same client, key and demands return the first order (`replayed`) and sell nothing more. `expected_total` in USD
    is what the buyer has seen; another total is refused. `api_key_id` is the client's API key, where the order came by
    one.

    Raises EmptyOrder, ClientMayNotBuy, NoPrice, PricesChanged, InsufficientInventory (with alternatives), Busy, and
    IdempotencyKeyReused where the key came with another request before. A key has 1 to 255 printable characters:
    InvalidIdempotencyKey.
    """
    require_valid(key)
    return _place(
        Purchase(
            client_id=client_id,
            user_id=user_id,
            api_key_id=api_key_id,
            key=key,
            basket=CriteriaBasket(demands),
            expected_total=expected_total,
            as_of=as_of,
        )
    )


def order_place_named(
    *,
    client_id: UUID,
    user_id: UUID | None,
    inventory_ids: Sequence[UUID],
    key: str,
    api_key_id: UUID | None = None,
    quote_id: UUID | None = None,
    as_of: datetime | None = None,
) -> Order:
    """Buys these records, and replacements for those that are gone, or nothing; at the quote's prices if one is named.

    What was replaced stands in each line's `replaced`. Raises what `order_place` raises, and InventoryNotFound,
    QuantityOutOfRange, AlreadyOwned, QuoteNotFound, QuoteUsed, QuoteExpired, NotInQuote.
    """
    require_valid(key)
    return _place(
        Purchase(
            client_id=client_id,
            user_id=user_id,
            api_key_id=api_key_id,
            key=key,
            basket=NamedBasket(inventory_ids, quote_id),
            expected_total=None,
            as_of=as_of,
        )
    )


def order_place_draft(
    *,
    user: User,
    draft_id: UUID,
    version: int,
    expected_total: Decimal,
    as_of: datetime | None = None,
) -> Order:
    """Buys a user's draft as the page showed it. The draft's id is the key: a repeat returns the first order.

    Raises what `order_place` raises, and DraftChanged or DraftNotFound; DraftBought instead of IdempotencyKeyReused.
    """
    if user.client_id is None:
        raise ClientMayNotBuy
    return _place(
        Purchase(
            client_id=user.client_id,
            user_id=user.id,
            api_key_id=None,
            key=f"draft:{draft_id}",
            basket=DraftBasket(user=user, draft_id=draft_id, version=version, total=expected_total),
            expected_total=expected_total,
            as_of=as_of,
        )
    )


LOOKS = 3
"""How often a shortage is looked at: between the attempt and the count that explains it, stock may have come back."""


def _place(purchase: Purchase) -> Order:
    """The order. A refusal is recorded when the attempt is rolled back, which would take its record along."""
    try:
        return _once(purchase)
    except DomainError as refusal:
        audit_record(
            action=AuditAction.PURCHASE,
            outcome=Outcome.REFUSED,
            client_id=purchase.client_id,
            details={"reason": refusal.code},
            as_of=purchase.as_of,
        )
        raise


def _once(purchase: Purchase) -> Order:
    try:
        return _without_false_shortage(purchase)
    except (KeyTaken, QuoteTaken, DomainError):
        # Whatever stands in the way now (the key itself, stock that the first request took, a draft that is gone, a
        # quote that was used or has expired since) does not matter where this is the repeat of a request that went
        # through.
        if placed := _placed_before(purchase):
            placed.replayed = True
            return placed
        # Likewise of a quote: where another order used it while this one waited, that is the reason, and not what else
        # this one found.
        purchase.basket.require_unused_quote(client_id=purchase.client_id)
        raise


def _without_false_shortage(purchase: Purchase) -> Order:
    """Without waiting first, then waiting for what others hold. Raises InsufficientInventory only with numbers that
    say so: counted in one statement, after the attempt."""
    with suppress(Short):
        return attempt(purchase, wait=None)
    patience = Patience(terms.PATIENCE)
    for look in range(LOOKS):
        try:
            return attempt(purchase, wait=patience)
        except Short as short:
            refusal = _insufficient(purchase, short)
            if refusal.available < refusal.requested or look == LOOKS - 1:
                raise refusal from None
    raise AssertionError("the loop returns or raises")


def _placed_before(purchase: Purchase) -> Order | None:
    """The order that the same request brought about. Raises the basket's `reused` where it was another request."""
    placed = Order.objects.filter(client_id=purchase.client_id, idempotency_key=purchase.key).first()
    if placed and placed.request_digest != purchase.basket.digest():
        raise purchase.basket.reused
    return placed


def _insufficient(purchase: Purchase, short: Short) -> InsufficientInventory:
    """The refusal, with alternatives counted and priced at the instant of the attempt."""
    demands, index = purchase.basket.demands(), short.shortfall.index
    line = demands[index]
    found = shortage(demands=demands, index=index, buyer=short.terms.buyer, as_of=short.terms.as_of)
    asked = line.criteria.place.known
    return InsufficientInventory(
        line_index=index,
        criteria=line.criteria,
        requested=line.quantity,
        available=found.available,
        alternatives=_priced(found.alternatives, prices_in_force(short.terms.as_of), instead_of=asked.label),
        lines=len(demands),
    )


def _priced(offers: Sequence[Alternative], prices: Prices, *, instead_of: str) -> list[PricedAlternative]:
    """What cannot be sold, for want of a price, is no alternative."""
    priced = []
    for offer in offers:
        with suppress(NoPrice):
            unit_price = prices.of(offer.criteria)
            priced.append(
                PricedAlternative(
                    alternative=offer,
                    unit_price=unit_price,
                    amount=unit_price * offer.quantity,
                    instead_of=instead_of,
                )
            )
    return priced
