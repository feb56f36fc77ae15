"""The cart as a page shows it: stock, prices, what it would cost with more leads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Coalesce

from homeshield.accounts.models import User
from inventory.allocation.alternatives import explained_all, quantities_there, shortages
from inventory.allocation.territories import places_of
from inventory.buyer import Buyer, buyer_of
from inventory.counting.reading import available_counts
from inventory.errors import Alternative, Shortage
from inventory.facts.columns import FACTS
from inventory.facts.criteria import MAX_QUANTITY, Criteria, Demand
from pricing.discounts.codes import code_check
from pricing.discounts.prices import Discount, Price, PriceBook, Prices, Tier, reduced_from
from pricing.errors import DiscountCodeRefused
from pricing.selectors import price_books
from sales.cart.paying import DraftPayment, draft_payment
from sales.models import Draft, DraftLine


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLineSummary:
    """`price` and `amount` (USD) are None where leads of this class and age are not for sale.

    `price_before` is what one lead cost this order at `priced_at`, if the price has changed since.

    `available` is what the line finds by itself. Beside the other lines it may be short: then `shortage` says of how
    many, and `offers` what would mend it. `together` is what it can have if every line takes what is there.
    """

    id: UUID
    criteria: Criteria
    quantity: int
    available: int
    price: Price | None
    price_before: Decimal | None = None
    priced_at: datetime | None = None
    together: int = 0
    shortage: Shortage | None = field(default=None, compare=False)
    offers: Sequence["DraftOffer"] = field(default=(), compare=False)

    @property
    def amount(self) -> Decimal | None:
        return self.price.unit_price * self.quantity if self.price else None

    @property
    def list_amount(self) -> Decimal | None:
        """What it was before discounts."""
        return self.price.list_price * self.quantity if self.price else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSummary:
    """`total` is in USD, None while a line has no price; `list_total` what it was before discounts.

    `book` is what it is priced by. `code` is the discount code in it, of `code_discount`; `code_refusal` says why it
    brings nothing anymore. `tiers` is what more leads would save.
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
    book: PriceBook = field(compare=False, repr=False)

    @property
    def contents(self) -> "DraftContents":
        return DraftContents({line.criteria: line.quantity for line in self.lines}, self.code)

    @property
    def discount(self) -> Discount | None:
        """The one that lowers prices of it: at most one does."""
        return next((line.price.discount for line in self.lines if line.price and line.price.discount), None)

    @property
    def saved(self) -> Decimal | None:
        return None if self.list_total is None or self.total is None else self.list_total - self.total

    @property
    def short_lines(self) -> list[DraftLineSummary]:
        return [line for line in self.lines if line.shortage]

    @property
    def changed_lines(self) -> list[DraftLineSummary]:
        """Those whose price the buyer has not accepted yet."""
        return [line for line in self.lines if line.price_before is not None]

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
    def as_query(self) -> str:
        """What a button sends to take it."""
        return urlencode(self.alternative.criteria.as_filter() | {"quantity": self.quantity})

    @property
    def is_cut(self) -> bool:
        """Whether MAX_QUANTITY per line cut the alternative."""
        return self.quantity < self.alternative.quantity


def draft_summary(*, user: User, as_of: datetime) -> DraftSummary:
    """Returns the draft with stock and prices, in as many statements for fifty lines as for one. Where lines are
    short, one more finds what would mend them.
    """
    draft = Draft.objects.filter(user=user).first()
    lines = list(draft.lines.all()) if draft else []
    code = draft.discount_code if draft else ""
    instants = {as_of, *(line.priced_at_utc for line in lines)}
    books = price_books(client_id=user.client_id, instants=instants, code=code)
    book, quantity = books[as_of], sum(line.quantity for line in lines)
    prices = {instant: one.for_order(quantity) for instant, one in books.items()}
    summaries = [_summary(line, prices[as_of], prices[line.priced_at_utc]) for line in lines]
    summaries = _with_shortages(summaries, buyer_of(user), book, as_of)
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
        book=book,
    )


def _summary(line: DraftLine, prices: Prices, earlier: Prices) -> DraftLineSummary:
    """Both prices are of the same order: what its own size or code changes is no change of price."""
    price, before = prices.find(line.criteria), earlier.find(line.criteria)
    changed = price and before and price.unit_price != before.unit_price
    return DraftLineSummary(
        id=line.id,
        criteria=line.criteria,
        quantity=line.quantity,
        available=0,
        price=price,
        price_before=before.unit_price if before and changed else None,
        priced_at=line.priced_at_utc,
    )


def _with_shortages(
    lines: list[DraftLineSummary], buyer: Buyer, book: PriceBook, as_of: datetime
) -> list[DraftLineSummary]:
    if not lines:
        return []
    demands = [Demand(criteria=line.criteria, quantity=line.quantity) for line in lines]
    counts = available_counts(criteria=places_of(demands), buyer=buyer, as_of=as_of)
    short = shortages(demands, counts, buyer=buyer, as_of=as_of)
    priced = [shortage for shortage in short if lines[shortage.index].price]
    together = quantities_there(demands, counts)
    mended = {shortage.index: shortage for shortage in explained_all(priced, book.amounts_of)}
    summaries = []
    for index, line in enumerate(lines):
        shortage = mended.get(index)
        offers = draft_offers(lines=lines, shortage=shortage) if shortage else []
        available = sum(counts[part] for part in line.criteria.parts)
        summary = replace(line, available=available, together=together[index], shortage=shortage, offers=offers)
        summaries.append(summary)
    return summaries


def _code_refusal(book: PriceBook, code: str, user: User, as_of: datetime) -> DiscountCodeRefused | None:
    try:
        code_check(book, code, client_id=user.client_id, as_of=as_of)
    except DiscountCodeRefused as refusal:
        return refusal
    return None


def draft_offers(*, lines: Sequence[DraftLineSummary], shortage: Shortage) -> list[DraftOffer]:
    """Returns the alternatives that the draft can take. Joining a line is cut to 1000 leads; a full line takes none."""
    twins = {line.criteria: line.quantity for line in lines if line.criteria != shortage.line.criteria}
    offers = []
    for alternative in shortage.alternatives:
        there = twins.get(alternative.criteria, 0)
        if quantity := min(alternative.quantity, MAX_QUANTITY - there):
            offers.append(DraftOffer(alternative=alternative, quantity=quantity, together=there + quantity))
    return offers


@dataclass(frozen=True, slots=True)
class DraftContents:
    """What the cart holds, without stock and prices. `lines` are quantities by criteria."""

    lines: Mapping[Criteria, int]
    code: str

    @property
    def leads(self) -> int:
        return sum(self.lines.values())

    def leads_in(self, criteria: Criteria) -> int:
        """Of the lines that lie in these criteria."""
        return sum(
            quantity for line, quantity in self.lines.items() if all(criteria.contains(part) for part in line.parts)
        )


def draft_contents(user: User) -> DraftContents:
    """Returns what the draft asks for, in one statement."""
    names = (*FACTS, "territory", "quantity")
    rows = Draft.objects.filter(user=user).values_list("discount_code", *(f"lines__{name}" for name in names))
    lines = [DraftLine(**dict(zip(names, line, strict=True))) for _, *line in rows if line[-1] is not None]
    return DraftContents({line.criteria: line.quantity for line in lines}, rows[0][0] if rows else "")


def draft_quantity(user: User) -> int:
    """Returns how many leads the draft asks for."""
    found = DraftLine.objects.filter(draft__user=user).aggregate(leads=Coalesce(Sum("quantity"), 0))
    return int(found["leads"])
