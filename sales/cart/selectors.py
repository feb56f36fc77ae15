"""The cart as a page shows it: stock, prices, what it would cost with more leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Coalesce

from homeshield.accounts.models import User
from inventory.buyer import buyer_of
from inventory.counting.reading import available_counts
from inventory.errors import Alternative, Shortage
from inventory.facts.criteria import MAX_QUANTITY, Criteria
from pricing.discounts.codes import code_check
from pricing.discounts.prices import Discount, Price, PriceBook, Prices, Tier, reduced_from
from pricing.errors import DiscountCodeRefused
from pricing.selectors import price_book
from sales.cart.paying import DraftPayment, draft_payment
from sales.models import Draft, DraftLine


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLineSummary:
    """`price` and `amount` (USD) are None where leads of this class and age are not for sale."""

    id: UUID
    criteria: Criteria
    quantity: int
    available: int
    price: Price | None

    @property
    def amount(self) -> Decimal | None:
        return self.price.unit_price * self.quantity if self.price else None

    @property
    def list_amount(self) -> Decimal | None:
        """What it was before discounts."""
        return self.price.list_price * self.quantity if self.price else None

    @property
    def is_short(self) -> bool:
        return self.available < self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSummary:
    """`total` is in USD, None while a line has no price; `list_total` what it was before discounts.

    `code` is the discount code in it, of `code_discount`; `code_refusal` says why it brings nothing anymore. `tiers` is
    what more leads would save.
    """

    draft_id: UUID | None
    version: int
    lines: list[DraftLineSummary]
    quantity: int
    code: str
    code_discount: Discount | None
    code_refusal: DiscountCodeRefused | None
    tiers: list[Tier]
    total: Decimal | None
    list_total: Decimal | None
    payment: DraftPayment | None

    @property
    def discount(self) -> Discount | None:
        """The one that lowers prices of it: at most one does."""
        return next((line.price.discount for line in self.lines if line.price and line.price.discount), None)

    @property
    def saved(self) -> Decimal | None:
        return None if self.list_total is None or self.total is None else self.list_total - self.total

    @property
    def code_in_use(self) -> str:
        """What the prices were made with, and so what an order of the draft names."""
        return "" if self.code_refusal else self.code


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    listed = list(amounts)
    return None if None in listed else sum(filter(None, listed), Decimal("0.00"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOffer:
    """An alternative that replaces the short line. If the draft has a line of these criteria, it joins that, which then
    has `together` leads.
    """

    alternative: Alternative
    quantity: int
    together: int

    @property
    def amount(self) -> Decimal:
        """USD."""
        return self.alternative.unit_price * self.quantity

    @property
    def is_reduced(self) -> bool:
        return reduced_from(self.alternative.unit_price, self.alternative.list_price) is not None

    @property
    def joins(self) -> bool:
        return self.together > self.quantity

    @property
    def is_cut(self) -> bool:
        """Whether MAX_QUANTITY per line cut the alternative."""
        return self.quantity < self.alternative.quantity


def draft_summary(*, user: User, as_of: datetime) -> DraftSummary:
    """Returns the draft with stock and prices, in as many statements for fifty lines as for one."""
    draft = Draft.objects.filter(user=user).first()
    lines = list(draft.lines.all()) if draft else []
    code = draft.discount_code if draft else ""
    book = price_book(client_id=user.client_id, as_of=as_of, code=code)
    quantity = sum(line.quantity for line in lines)
    prices = book.for_order(quantity)
    asked = [line.criteria for line in lines]
    stock = available_counts(criteria=asked, buyer=buyer_of(user), as_of=as_of) if asked else {}
    summaries = [_summary(line, stock[line.criteria], prices) for line in lines]
    total = _sum(line.amount for line in summaries)
    return DraftSummary(
        draft_id=draft.id if draft else None,
        version=draft.version if draft else 0,
        lines=summaries,
        quantity=quantity,
        code=code,
        code_discount=next((one for one in book.discounts if code and one.code == code), None),
        code_refusal=_code_refusal(book, code, user, as_of),
        tiers=list(book.tiers(quantity)),
        total=total,
        list_total=_sum(line.list_amount for line in summaries),
        payment=draft_payment(user=user, total=total) if lines and total is not None else None,
    )


def _summary(line: DraftLine, available: int, prices: Prices) -> DraftLineSummary:
    return DraftLineSummary(
        id=line.id,
        criteria=line.criteria,
        quantity=line.quantity,
        available=available,
        price=prices.find(line.criteria),
    )


def _code_refusal(book: PriceBook, code: str, user: User, as_of: datetime) -> DiscountCodeRefused | None:
    try:
        code_check(book, code, client_id=user.client_id, as_of=as_of)
    except DiscountCodeRefused as refusal:
        return refusal
    return None


def draft_offers(*, draft: DraftSummary, shortage: Shortage) -> list[DraftOffer]:
    """Returns the alternatives that the draft can take. Joining a line is cut to 1000 leads; a full line takes none."""
    twins = {line.criteria: line.quantity for line in draft.lines if line.criteria != shortage.line.criteria}
    offers = []
    for alternative in shortage.alternatives:
        there = twins.get(alternative.criteria, 0)
        if quantity := min(alternative.quantity, MAX_QUANTITY - there):
            offers.append(DraftOffer(alternative=alternative, quantity=quantity, together=there + quantity))
    return offers


def draft_quantity(user: User) -> int:
    """Returns how many leads the draft asks for."""
    return draft_size(user)[0]


def draft_size(user: User) -> tuple[int, str]:
    """Returns how many leads the draft asks for, and its discount code: with prices, what another lead would cost."""
    found = Draft.objects.filter(user=user).values_list(Coalesce(Sum("lines__quantity"), 0), "discount_code").first()
    return found or (0, "")
