from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from inventory.buyer import Buyer
from inventory.models import InventoryRecord, excluded_among
from pricing.discounts.codes import code_check
from pricing.discounts.prices import Price, Prices
from pricing.errors import (
    CodeBesideQuote,
    ListedByYou,
    NotForSale,
    NotInQuote,
    OwnedAlready,
    QuoteExpired,
    QuoteNotFound,
)
from pricing.models import QUOTE_VALIDITY, Quote, QuoteItem
from pricing.selectors import price_book


@dataclass(frozen=True, slots=True)
class Quoted:
    """A new quote, with items in the order requested."""

    quote: Quote
    items: list[QuoteItem]


def quote_create(*, buyer: Buyer, inventory_ids: Sequence[UUID], as_of: datetime, code: str = "") -> Quoted:
    """Quotes what an order of these records, each once, costs the client, with the discount code given.

    Raises NotForSale, which names the ids, NoPrice and DiscountCodeRefused.
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
    book = price_book(client_id=buyer.client_id, as_of=as_of, code=code)
    code_check(book, code, client_id=buyer.client_id, as_of=as_of)
    prices = book.for_order(len(ids))
    quote = Quote(
        client_id=buyer.client_id, quoted_at_utc=as_of, expires_at_utc=as_of + QUOTE_VALIDITY, discount_code=code
    )
    items = [_item(quote, sellable[key], prices[_cell(sellable[key])]) for key in ids]
    quote.subtotal = sum((item.unit_price for item in items), Decimal("0.00"))
    with transaction.atomic():
        quote.save(force_insert=True)
        # Sorted: each item locks its record at commit, and two quotes must not deadlock.
        QuoteItem.objects.bulk_create(sorted(items, key=lambda item: item.inventory_id))
    return Quoted(quote, items)


def _item(quote: Quote, record: InventoryRecord, price: Price) -> QuoteItem:
    return QuoteItem(
        quote=quote,
        inventory=record,
        unit_price=price.unit_price,
        list_price=price.list_price,
        discount_id=price.discount.id if price.discount else None,
    )


def quoted_prices(
    *, quote_id: UUID, client_id: UUID, inventory_ids: Sequence[UUID], as_of: datetime, code: str = ""
) -> Prices:
    """Returns the prices a quote holds.

    Raises QuoteNotFound (also for another client's), QuoteExpired, NotInQuote, and CodeBesideQuote for a discount code
    that the quote was not made with.
    """
    quote = Quote.objects.filter(id=quote_id, client_id=client_id).first()
    if quote is None:
        raise QuoteNotFound
    if as_of >= quote.expires_at_utc:
        raise QuoteExpired(expires_at=quote.expires_at_utc)
    items = {item.inventory_id: item for item in quote.items.select_related("inventory", "discount")}
    if strangers := [key for key in inventory_ids if key not in items]:
        raise NotInQuote(inventory_ids=strangers)
    if code not in {"", quote.discount_code}:
        raise CodeBesideQuote
    return Prices({_cell(item.inventory): item.price for item in items.values()})


def _cell(record: InventoryRecord) -> tuple[str, str]:
    return record.classification, record.age_bucket
