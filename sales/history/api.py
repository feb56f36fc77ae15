"""What was bought, for programs."""

from datetime import datetime

from ninja import Query
from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, AskedInstant, Paged, PageSize, refused_by
from sales.api import router
from sales.api_schemas import SENT_KEY, KeyText, OrderInPath, named_key
from sales.errors import OrderNotFound
from sales.history.api_schemas import OrderAnswer, OrdersPage, OrderSummary
from sales.history.selectors import order_get, order_sale_ids, orders_page
from sales.models import Order


class OrdersQuery(Paged):
    limit: PageSize = Field(50, ge=1, le=1000, description="Orders on a page.", examples=[50])
    placed_from: AskedInstant | None = Field(
        None, description="Placed at this instant or later.", examples=["2026-06-01T00:00:00Z"]
    )
    placed_until: AskedInstant | None = Field(
        None, description="Placed before this instant.", examples=["2026-07-01T00:00:00Z"]
    )
    idempotency_key: KeyText | None = Field(
        None,
        description="The order that was placed under this Idempotency-Key: one at most. So a program that has lost the "
        "answer to a purchase finds out whether it went through.",
        examples=[SENT_KEY],
    )

    @field_validator("placed_until")
    @classmethod
    def _after_the_beginning(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        begins = info.data.get("placed_from")
        if until is not None and begins is not None and until < begins:
            raise PydanticCustomError("before_the_beginning", "placed_until lies before placed_from. Swap them.")
        return until


@router.get(
    "/purchases",
    auth=ApiKeyAuth(Act.ORDERS),
    response={200: OrdersPage, **EVERYWHERE},
    operation_id="list_orders",
    summary="Your orders",
)
def purchases_list(request: ApiRequest, query: Query[OrdersQuery]) -> OrdersPage:
    """Your orders, from the API and from the pages, the newest first."""
    page = orders_page(
        client_id=request.auth.client_id,
        placed_from=query.placed_from,
        placed_until=query.placed_until,
        key=named_key(query.idempotency_key) if query.idempotency_key is not None else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    return OrdersPage(orders=[OrderSummary.of(order) for order in page.rows], next_cursor=page.next_cursor)


@router.get(
    "/purchases/{order_id}",
    auth=ApiKeyAuth(Act.ORDERS),
    response={200: OrderAnswer, **refused_by(OrderNotFound), **EVERYWHERE},
    operation_id="get_order",
    summary="One of your orders",
)
def purchase_show(request: ApiRequest, order_id: OrderInPath) -> OrderAnswer:
    """An order with its lines and the ids of its sales. 404 also for the order of another client."""
    try:
        order = order_get(client_id=request.auth.client_id, order_id=order_id)
    except Order.DoesNotExist:
        raise OrderNotFound from None
    return OrderAnswer.in_full(order, order_sale_ids(order))
