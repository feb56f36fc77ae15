"""Refusals of an order. Each leaves everything as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from homeshield.lib.errors import DomainError
from homeshield.lib.money import dollars
from inventory.alternatives import Alternative, Suggestion
from inventory.criteria import MAX_QUANTITY, Criteria


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedAlternative:
    """An alternative with what it would cost, in USD."""

    alternative: Alternative
    unit_price: Decimal
    amount: Decimal
    instead_of: str
    """The place that the short line asks for, such as "LA"; empty where it asks for none."""

    @property
    def detail(self) -> dict[str, object]:
        """The alternative for programs, in the words that the API promises."""
        return {
            "description": self._description(),
            "available_count": self.alternative.available,
            "suggestion_type": str(self.alternative.kind),
        }

    def _description(self) -> str:
        found, criteria = self.alternative.available, self.alternative.criteria
        place = criteria.place.label
        there = f"({found:,} available{f' in {place}' if place else ''})"
        match self.alternative.kind:
            case Suggestion.PARTIAL:
                return f"Purchase {found:,} available lead{'s' * (found != 1)} ({dollars(self.amount)})"
            case Suggestion.NO_LOCATION_FILTER if place:  # any county in place of none
                return f"Remove location filter {there}"
            case Suggestion.NO_LOCATION_FILTER:
                return f"Remove location filter ({found:,} available without {self.instead_of} filter)"
            case Suggestion.DIFFERENT_AGE_BUCKET:
                return f"Try {criteria.age_bucket} age bucket {there}"
            case Suggestion.WHOLE_STATE:
                return f"Try the whole state {there}"
            case Suggestion.ADJACENT_COUNTY:
                return f"Try the neighbouring county {there}"
            case Suggestion.DIFFERENT_CLASSIFICATION:
                return f"Try {criteria.classification} {there}"


class InsufficientInventory(DomainError):
    """A line of the order cannot be filled, whatever records the lines are given."""

    code = "insufficient_inventory"
    status = 409

    def __init__(
        self,
        *,
        line_index: int,
        criteria: Criteria,
        requested: int,
        available: int,
        alternatives: Sequence[PricedAlternative],
        lines: int = 1,
    ) -> None:
        self.line_index = line_index
        self.lines = lines
        self.criteria = criteria
        self.requested = requested
        self.available = available
        self.alternatives = list(alternatives)
        super().__init__(f"{criteria.label}: {requested:,} requested, {available:,} available. Nothing was bought.")

    @property
    def detail(self) -> dict[str, object]:
        several = self.lines > 1
        return {
            "error": self.code,
            "requested": self.requested,
            "available": self.available,
            "criteria": f"{self.criteria} qty={self.requested}",
            "item_index": self.line_index if several else None,
            "is_multi_item": several,
            "alternatives": [offer.detail for offer in self.alternatives],
        }


class PricesChanged(DomainError):
    """The total that the buyer has seen is not what the order costs now."""

    code = "prices_changed"
    status = 409

    def __init__(self, *, expected: Decimal, actual: Decimal) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"Prices have changed: the order now costs {dollars(actual)}, not {dollars(expected)}. "
            "Nothing was bought. Look at the new prices and buy again if they suit you."
        )


class AlreadyOwned(DomainError):
    """Records asked for by id whose leads the client bought itself: nothing else is sold in their place."""

    code = "already_owned"
    status = 409

    def __init__(self, ids: Sequence[UUID]) -> None:
        self.ids = list(ids)
        super().__init__(
            f"You own these leads already: {', '.join(map(str, ids))}. Nothing was bought. "
            "Leave them out to buy the others."
        )

    @property
    def detail(self) -> dict[str, object]:
        return super().detail | {"inventory_ids": [str(key) for key in self.ids]}


class QuoteUsed(DomainError):
    """Another order was placed at the quote's prices: a quote buys once (contract, "Quote")."""

    code = "quote_used"
    status = 409

    def __init__(self, order_id: UUID) -> None:
        self.order_id = order_id
        super().__init__(
            f"This quote was used by your order {order_id}. A quote buys once. Nothing more was bought. "
            "Ask for a new quote."
        )

    @property
    def detail(self) -> dict[str, object]:
        return super().detail | {"order_id": str(self.order_id)}


class DraftChanged(DomainError):
    """The order was changed in another window after this page was shown."""

    code = "draft_changed"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This order was changed in another window. Nothing was bought. Here is the order as it stands now."
        )


class DraftNotFound(DomainError):
    """The draft is not there (any more), and no order came of it."""

    code = "draft_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("This order is not there any more. Nothing was bought.")


class OrderNotFound(DomainError):
    """No order of this id belongs to the client."""

    code = "order_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("You have no such order.")


class DraftBought(DomainError):
    """The draft was bought already, and not as this page showed it: with other lines, or at other prices."""

    code = "draft_bought"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This order was already bought, with other lines or prices than this page showed. Nothing more was "
            "bought. See Orders for what was."
        )


class TooManyLines(DomainError):
    code = "too_many_lines"
    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(f"An order has {most} lines at most. Buy it, or remove a line, before you add another.")


class ClientMayNotBuy(DomainError):
    """Only active clients buy."""

    code = "client_may_not_buy"
    status = 403

    def __init__(self) -> None:
        super().__init__("Your company's account is not active, so nothing was bought. Please write to our staff.")


class EmptyOrder(DomainError):
    code = "empty_order"
    status = 422

    def __init__(self) -> None:
        super().__init__("An order needs at least one line. Choose leads under Browse and add them to the order.")


class QuantityOutOfRange(DomainError):
    code = "quantity_out_of_range"
    status = 422

    def __init__(self, quantity: int) -> None:
        super().__init__(f"A line has 1 to {MAX_QUANTITY:,} leads, so {quantity:,} is not possible.")


class LineNotFound(DomainError):
    code = "line_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("This line is not in your order any more.")


class IdempotencyKeyReused(DomainError):
    """The key of an order that is there already came with another request."""

    code = "idempotency_key_reused"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            "This idempotency key belongs to an earlier order for something else. Nothing was bought. "
            "Use a new key for a new order."
        )


class InvalidIdempotencyKey(DomainError):
    code = "idempotency_key_invalid"
    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(
            f"An idempotency key has 1 to {most} printable characters. Nothing was bought. "
            "Take a new UUID for each order, for example."
        )


class Busy(DomainError):
    """The records are held by other orders, and waiting for them took too long."""

    code = "busy"
    status = 503
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("Other orders hold these leads at the moment. Nothing was bought. Please try again.")


class DraftBusy(Busy):
    """The draft is being bought, or changed, at the moment, and waiting for that took too long."""

    def __init__(self) -> None:
        DomainError.__init__(
            self,
            "Your order is being bought or changed in another window at the moment. Nothing was changed here. "
            "Please try again.",
        )


class InProgress(DomainError):
    """The same order was sent before, and is still being placed: whether it goes through is not known yet."""

    code = "in_progress"
    status = 409
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("This order is being placed at the moment. Look under Orders before you send it again.")
