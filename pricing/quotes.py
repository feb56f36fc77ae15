from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from inventory.buyer import Buyer
from inventory.models import InventoryRecord, excluded_among
from pricing.errors import ListedByYou, NotForSale, NotInQuote, OwnedAlready, QuoteExpired, QuoteNotFound
from pricing.models import QUOTE_VALIDITY, Quote, QuoteItem
from pricing.selectors import Prices, prices_in_force


@dataclass(frozen=True, slots=True)
class Quoted:
    """A new quote, with items in the order requested."""

    quote: Quote
    items: list[QuoteItem]


def quote_create(*, buyer: Buyer, inventory_ids: Sequence[UUID], as_of: datetime) -> Quoted:
    """Quotes the prices in force, each id once.

    Raises NotForSale, which names the ids, and NoPrice.
    """
    assert buyer.client_id is not None
    ids = list(dict.fromkeys(inventory_ids))
    sellable = InventoryRecord.objects.sellable(as_of).open_to(buyer).in_bulk(ids)
    if missing := [key for key in ids if key not in sellable]:
        owned, listed = excluded_among(missing, buyer)
        if owned:
            raise OwnedAlready(inventory_ids=missing, owned=owned)
        if listed:
            raise ListedByYou(inventory_ids=missing, listed=listed)
        raise NotForSale(inventory_ids=missing)
    prices = prices_in_force(as_of)
    quote = Quote(client_id=buyer.client_id, quoted_at_utc=as_of, expires_at_utc=as_of + QUOTE_VALIDITY)
    items = [QuoteItem(quote=quote, inventory=sellable[key], unit_price=prices[_cell(sellable[key])]) for key in ids]
    quote.subtotal = sum((item.unit_price for item in items), Decimal("0.00"))
    with transaction.atomic():
        quote.save(force_insert=True)
        # Sorted: each item locks its record at commit, and two quotes must not deadlock.
        QuoteItem.objects.bulk_create(sorted(items, key=lambda item: item.inventory_id))
    return Quoted(quote, items)


def quoted_prices(*, quote_id: UUID, client_id: UUID, inventory_ids: Sequence[UUID], as_of: datetime) -> Prices:
    """Returns the prices a quote holds.

    Raises QuoteNotFound (also for another client's), QuoteExpired, and NotInQuote.
    """
    quote = Quote.objects.filter(id=quote_id, client_id=client_id).first()
    if quote is None:
        raise QuoteNotFound
    if as_of >= quote.expires_at_utc:
        raise QuoteExpired(expires_at=quote.expires_at_utc)
    items = {item.inventory_id: item for item in quote.items.select_related("inventory")}
    if strangers := [key for key in inventory_ids if key not in items]:
        raise NotInQuote(inventory_ids=strangers)
    return Prices({_cell(item.inventory): item.unit_price for item in items.values()})


def _cell(record: InventoryRecord) -> tuple[str, str]:
    return record.classification, record.age_bucket
