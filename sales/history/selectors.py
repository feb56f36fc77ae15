"""Orders and sales of one client."""

from datetime import datetime
from uuid import UUID

from homeshield.lib.keyset import Page, keyset_page
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
    orders = Order.objects.filter(client_id=client_id).select_related("placed_by", "api_key")
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


def order_sales_page(*, order: Order, cursor: str | None, limit: int = 50) -> Page[Sale]:
    """Returns the sales with full leads, their `origin` and `returned`, in export order. Raises BadCursor."""
    sales = Sale.objects.filter(order=order).select_related("lead")
    page = keyset_page(sales, by="line_number", of=f"sales of {order.id}", cursor=cursor, limit=limit)
    ids = [sale.id for sale in page.rows]
    origins, returned = origins_of(ids), returned_among(ids)
    for sale in page.rows:
        sale.origin, sale.returned = origins[sale.id], returned.get(sale.id)
    return page


def order_sale_ids(order: Order) -> list[UUID]:
    """Returns the sale ids, line by line."""
    return list(Sale.objects.filter(order_id=order.id).order_by("line_number", "id").values_list("id", flat=True))
