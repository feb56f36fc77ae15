"""Orders and sales of one client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from homeshield.lib.keyset import Page, keyset_page
from sales.history.months import month_bounds
from sales.history.origins import origins_of
from sales.models import Order, Sale
from sales.returns.selectors import returned_among


def orders_page(
    *,
    client_id: UUID,
    placed_from: datetime | None = None,
    placed_until: datetime | None = None,
    key: str | None = None,
    cursor: str | None,
    limit: int = 50,
) -> Page[Order]:
    """Returns orders placed in [`placed_from`, `placed_until`) (UTC), newest first. Raises BadCursor."""
    orders = Order.objects.filter(client_id=client_id).select_related("placed_by", "api_key").prefetch_related("lines")
    if placed_from is not None:
        orders = orders.filter(placed_at_utc__gte=placed_from)
    if placed_until is not None:
        orders = orders.filter(placed_at_utc__lt=placed_until)
    if key is not None:
        orders = orders.filter(idempotency_key=key)
    return keyset_page(
        orders, by="placed_at_utc", of=f"orders of {client_id}", cursor=cursor, limit=limit, descending=True
    )


def order_get(*, client_id: UUID, order_id: UUID) -> Order:
    """Raises Order.DoesNotExist, also for another client's."""
    return (
        Order.objects.select_related("placed_by", "api_key")
        .prefetch_related("lines__discount")
        .get(client_id=client_id, id=order_id)
    )


def lead_sale(*, client_id: UUID, sale_id: UUID) -> Sale | None:
    """Returns the sale with its full lead, `origin` and `returned`."""
    sale = Sale.objects.select_related("lead", "order").filter(client_id=client_id, id=sale_id).first()
    if sale is not None:
        sale.origin, sale.returned = origins_of([sale.id])[sale.id], returned_among([sale.id]).get(sale.id)
    return sale


def order_sale_ids(order: Order) -> list[UUID]:
    """Returns the sale ids, line by line."""
    return list(Sale.objects.filter(order_id=order.id).order_by("line_number", "id").values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What a client bought in a month (UTC), in leads and USD."""

    month: date
    leads: int
    total: Decimal


def months_of(*, client_id: UUID, orders: Sequence[Order]) -> Mapping[UUID, MonthTotal]:
    """The totals of these orders' months, newest first, each by the first of its orders in the sequence."""
    if not orders:
        return {}
    firsts = {order.id: order.placed_at_utc.astimezone(UTC).date().replace(day=1) for order in orders}
    begin, end = month_bounds(min(firsts.values()))[0], month_bounds(max(firsts.values()))[1]
    rows = (
        Order.objects.filter(client_id=client_id, placed_at_utc__gte=begin, placed_at_utc__lt=end)
        .order_by()
        .values_list(TruncMonth("placed_at_utc", tzinfo=UTC))
        .annotate(leads=Sum("quantity"), paid=Sum("total"))
    )
    totals = {at.date(): MonthTotal(at.date(), leads, total) for at, leads, total in rows}
    heads: dict[date, UUID] = {}
    for order_id, month in firsts.items():
        heads.setdefault(month, order_id)
    return {order_id: totals[month] for month, order_id in heads.items()}
