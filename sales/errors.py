from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from homeshield.lib.errors import DomainError
from inventory.facts.criteria import MAX_QUANTITY


class PricesChanged(DomainError):
    """The total differs from the one shown."""

    code, status, title = "prices_changed", 409, "Prices have changed"
    sentence = (
        "The order now costs ${actual:,.2f}, not ${expected:,.2f}. Nothing was bought. "
        "Review the new prices, then buy again to confirm."
    )
    expected: Decimal
    actual: Decimal


class LinePricesChanged(DomainError):
    """Lines cost something else than the page showed, and together the same."""

    code, status, title = "line_prices_changed", 409, "Prices have changed"
    sentence = (
        "Prices of single lines have changed; the order still costs ${total:,.2f}. Nothing was bought. "
        "Review the new prices, then buy again to confirm."
    )
    total: Decimal


class AlreadyOwned(DomainError):
    """Nothing else is sold in the place of leads whose person the client owns."""

    code, status, title = "already_owned", 409, "You own some of these leads"
    sentence = "You own these leads already: {inventory_ids}. Nothing was bought. Leave them out to buy the others."
    in_detail = ("inventory_ids",)
    inventory_ids: Sequence[UUID]


class OnYourLists(DomainError):
    """The client has these persons on a list of its own. Nothing else is sold in their place."""

    code, status, title = "suppressed", 409, "Some of these leads are on your lists"
    sentence = (
        "These leads are on your suppression lists: {inventory_ids}. Nothing was bought. "
        "Leave them out to buy the others."
    )
    in_detail = ("inventory_ids",)
    inventory_ids: Sequence[UUID]


class QuoteUsed(DomainError):
    """A quote buys once (contract, "Quote")."""

    code, status, title = "quote_used", 409, "Quote already used"
    sentence = (
        "This quote was used by your order {order_id}. A quote buys once. Nothing more was bought. Ask for a new quote."
    )
    in_detail = ("order_id",)
    order_id: UUID


class OrderNotFound(DomainError):
    code, status, title = "order_not_found", 404, "Order not found"
    sentence = "You have no such order."


class DraftChanged(DomainError):
    code, status, title = "draft_changed", 409, "Your cart has changed"
    sentence = "Your cart was changed in another window. Nothing was bought. This is your cart now."


class DraftNotFound(DomainError):
    code, status, title = "draft_not_found", 404, "Cart not found"
    sentence = "This cart no longer exists. Nothing was bought."


class DraftBought(DomainError):
    """With other lines or prices than the page showed."""

    code, status, title = "draft_bought", 409, "Already bought"
    sentence = (
        "This cart was already bought, with other lines or prices than this page showed. Nothing more was bought. "
        "Orders shows what was."
    )


class TooManyLines(DomainError):
    code, status, title = "too_many_lines", 422, "Too many lines"
    sentence = "A cart has {most} lines at most. Buy it, or remove a line, before you add another."
    most: int


class LineNotFound(DomainError):
    code, status, title = "line_not_found", 404, "Line not found"
    sentence = "This line is not in your cart anymore."


class EmptyOrder(DomainError):
    code, status, title = "empty_order", 422, "Your cart is empty"
    sentence = "An order needs at least one line. Pick leads under Browse and add them to your cart."


class QuantityOutOfRange(DomainError):
    code, status, title = "quantity_out_of_range", 422, "Check the quantity"
    sentence = "A line has 1 to {most:,} leads, so {quantity:,} is not possible."
    quantity: int
    most: int = MAX_QUANTITY


class IdempotencyKeyReused(DomainError):
    code, status, title = "idempotency_key_reused", 422, "Idempotency key already used"
    sentence = (
        "This idempotency key belongs to an earlier order for something else. Nothing was bought. "
        "Use a new key for a new order."
    )


class InvalidIdempotencyKey(DomainError):
    code, status, title = "idempotency_key_invalid", 422, "Check the idempotency key"
    sentence = (
        "An idempotency key has 1 to {most} printable characters. Nothing was bought. "
        "Use a new UUID for each order, for example."
    )
    most: int


class Busy(DomainError):
    """Other orders held the records too long."""

    code, status, title = "busy", 503, "Please try again"
    sentence = "Other orders hold these leads at the moment. Nothing was bought. Please try again."
    retry_after = 1


class DraftBusy(Busy):
    sentence = (
        "Your cart is being bought or changed in another window at the moment. Nothing was changed here. "
        "Please try again."
    )


class InProgress(DomainError):
    """The same order is already being placed."""

    code, status, title = "in_progress", 409, "Already on its way"
    sentence = "This order is being placed at the moment. Look under Orders before you send it again."
    retry_after = 1
