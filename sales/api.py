"""Purchases, for programs: placing an order, and finding it again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Header, Query, Router
from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from homeshield.accounts.api import ApiKeyAuth, ApiRequest, maker_of_key, require_own_client
from homeshield.accounts.permissions import Act
from homeshield.billing.budgets.errors import BudgetExceeded
from homeshield.billing.ledger.errors import InsufficientFunds
from homeshield.lib.api_schemas import EVERYWHERE, WITH_BODY, AskedInstant, Paged, PageSize, refused_by
from homeshield.lib.ids import new_id
from inventory.errors import InventoryNotFound
from pricing.discounts.codes import code_of
from pricing.errors import QuoteNotFound
from sales.api_schemas import OrderInPath
from sales.errors import OrderNotFound
from sales.history.api_schemas import OrderAnswer, OrdersPage, OrderSummary
from sales.history.selectors import order_get, order_sale_ids, orders_page
from sales.models import Order
from sales.ordering.api_schemas import CriteriaPurchase, NamedPurchase, PurchaseAnswer, PurchaseConflict
from sales.ordering.baskets import Basket, CriteriaBasket, NamedBasket
from sales.ordering.services import order_place

router = Router(tags=["Purchases"])

# --- Buying ---

NO_MONEY = refused_by(InsufficientFunds, BudgetExceeded)

type KeyText = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]([ -~]*[!-~])?$")]
_KEY = "5f1d2b3c-4d5e-4f60-8172-93a4b5c6d7e8"

IdempotencyKey = Annotated[
    KeyText | None,
    Header(
        alias="Idempotency-Key",
        example=_KEY,
        description="Any text of your own for one purchase. A repeat of the same request with the same key returns the "
        "first answer and sells nothing more; the same key with another body: 422. Without it each request is its own.",
    ),
]


@router.post(
    "/purchases/by-criteria",
    auth=ApiKeyAuth(Act.BUY),
    response={200: PurchaseAnswer, **NO_MONEY, 409: PurchaseConflict, **EVERYWHERE, **WITH_BODY},
    operation_id="buy_by_criteria",
    summary="Buy by criteria",
)
def purchase_by_criteria(
    request: ApiRequest, response: HttpResponse, body: CriteriaPurchase, idempotency_key: IdempotencyKey = None
) -> PurchaseAnswer:
    """All lines in full at the prices in force, or nothing: then 409 says which line is short and what else there
    is."""
    basket = CriteriaBasket([line.demand for line in body.criteria], code_of(body.discount_code or ""))
    return _buy(request, response, body.client_id, basket, idempotency_key)


@router.post(
    "/purchases",
    auth=ApiKeyAuth(Act.BUY),
    response={
        200: PurchaseAnswer,
        **NO_MONEY,
        **refused_by(InventoryNotFound, QuoteNotFound),
        409: PurchaseConflict,
        **EVERYWHERE,
        **WITH_BODY,
    },
    operation_id="buy_by_ids",
    summary="Buy by inventory ids",
)
def purchase_by_ids(
    request: ApiRequest, response: HttpResponse, body: NamedPurchase, idempotency_key: IdempotencyKey = None
) -> PurchaseAnswer:
    """These records, at the prices in force or at those of the quote that is named. A record that is gone is replaced
    by one of the same class, age bucket, state and county; where there is none, nothing is sold: 409."""
    basket = NamedBasket(body.inventory_item_ids, body.quote_id, code_of(body.discount_code or ""))
    return _buy(request, response, body.client_id, basket, idempotency_key)


def _buy(
    request: ApiRequest, response: HttpResponse, client_id: UUID, basket: Basket, sent_key: str | None
) -> PurchaseAnswer:
    """A repeat's answer says that it is one, and is otherwise the first one's. Location is the order's own address."""
    maker = maker_of_key(request)
    order = order_place(
        client_id=require_own_client(request, client_id),
        user_id=maker.id if maker else None,
        api_key_id=request.auth.id,
        basket=basket,
        key=f"api:{new_id()}" if sent_key is None else _named_key(sent_key),
    )
    response["Location"] = reverse("api:purchase_show", args=[order.id])
    if order.replayed:
        response["Idempotent-Replayed"] = "true"
    return PurchaseAnswer.of(order, order_sale_ids(order))


def _named_key(sent: str) -> str:
    """The order's key for an Idempotency-Key of the client's, apart from the keys of drafts."""
    return f"api-key:{sent}"


# --- What was bought ---


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
        examples=[_KEY],
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
        key=_named_key(query.idempotency_key) if query.idempotency_key is not None else None,
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
