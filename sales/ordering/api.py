"""Purchases, for programs."""

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Header

from homeshield.accounts.api import ApiKeyAuth, ApiRequest, maker_of_key, require_own_client
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, WITH_BODY, refused_by
from homeshield.lib.ids import new_id
from inventory.errors import InventoryNotFound
from pricing.errors import QuoteNotFound
from sales.api import router
from sales.api_schemas import SENT_KEY, KeyText, named_key
from sales.history.selectors import order_sale_ids
from sales.ordering.api_schemas import CriteriaPurchase, NamedPurchase, PurchaseAnswer, PurchaseConflict
from sales.ordering.baskets import Basket, CriteriaBasket, NamedBasket
from sales.ordering.services import order_place

IdempotencyKey = Annotated[
    KeyText | None,
    Header(
        alias="Idempotency-Key",
        example=SENT_KEY,
        description="Any text of your own for one purchase. A repeat of the same request with the same key returns the "
        "first answer and sells nothing more; the same key with another body: 422. Without it each request is its own.",
    ),
]


@router.post(
    "/purchases/by-criteria",
    auth=ApiKeyAuth(Act.BUY),
    response={200: PurchaseAnswer, 409: PurchaseConflict, **EVERYWHERE, **WITH_BODY},
    operation_id="buy_by_criteria",
    summary="Buy by criteria",
)
def purchase_by_criteria(
    request: ApiRequest, response: HttpResponse, body: CriteriaPurchase, idempotency_key: IdempotencyKey = None
) -> PurchaseAnswer:
    """All lines in full at the prices in force, or nothing: then 409 says which line is short and what else there
    is."""
    basket = CriteriaBasket([line.demand for line in body.criteria])
    return _buy(request, response, body.client_id, basket, idempotency_key)


@router.post(
    "/purchases",
    auth=ApiKeyAuth(Act.BUY),
    response={
        200: PurchaseAnswer,
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
    basket = NamedBasket(body.inventory_item_ids, body.quote_id)
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
        key=f"api:{new_id()}" if sent_key is None else named_key(sent_key),
    )
    response["Location"] = reverse("api:purchase_show", args=[order.id])
    if order.replayed:
        response["Idempotent-Replayed"] = "true"
    return PurchaseAnswer.of(order, order_sale_ids(order))
