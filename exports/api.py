from typing import Annotated
from uuid import UUID

from django.http import StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import BeforeValidator, Field, WithJsonSchema

from exports.errors import SaleNotFound, SalesOrderNotFound
from exports.models import Export
from exports.services import export_start_order, export_start_sales, export_stream
from homeshield.accounts.api import ApiKeyAuth, ApiRequest, maker_of_key, require_own_client
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, refused_by
from inventory.facts.criteria import MAX_QUANTITY
from sales.api_schemas import ClientId, OrderInPath

router = Router(tags=["Purchases"])

CSV = {
    "responses": {
        200: {
            "description": "The CSV, streamed: the 33 columns of an export, one row for each sale.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    }
}


def _split(value: object) -> list[str]:
    """`refuse_unknown_parameters` has already refused a repeated parameter."""
    return [text.strip() for text in str(value).split(",") if text.strip()]


_ID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

type SaleIds = Annotated[
    list[UUID],
    BeforeValidator(_split),
    Field(min_length=1, max_length=MAX_QUANTITY),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_ID}(,{_ID}){{0,999}}$",
            "description": "Ids of sales, separated by commas.",
            "examples": ["0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e,0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5f"],
        }
    ),
]


class DownloadQuery(Schema):
    sale_ids: SaleIds
    client_id: ClientId


@router.get(
    "/purchases/download",
    auth=ApiKeyAuth(Act.DOWNLOAD),
    response={200: None, **refused_by(SaleNotFound), **EVERYWHERE},
    operation_id="download_sales",
    summary="Purchased leads as CSV",
    openapi_extra=CSV,
)
def sales_download(request: ApiRequest, query: Query[DownloadQuery]) -> StreamingHttpResponse:
    """These sales, each once, as an attachment that is streamed. A sale of another client: 403. An unknown one: 404."""
    client_id = require_own_client(request, query.client_id)
    export = export_start_sales(
        client_id=client_id,
        user=maker_of_key(request),
        api_key_id=request.auth.id,
        sale_ids=query.sale_ids,
        as_of=request.as_of,
    )
    return _csv(export)


@router.get(
    "/purchases/{order_id}/download",
    auth=ApiKeyAuth(Act.DOWNLOAD),
    response={200: None, **refused_by(SalesOrderNotFound), **EVERYWHERE},
    operation_id="download_order",
    summary="All leads of an order as CSV",
    openapi_extra=CSV,
)
def order_download(request: ApiRequest, order_id: OrderInPath) -> StreamingHttpResponse:
    """The same file for a whole order, however large it is."""
    export = export_start_order(
        client_id=request.auth.client_id,
        user=maker_of_key(request),
        api_key_id=request.auth.id,
        order_id=order_id,
        as_of=request.as_of,
    )
    return _csv(export)


def _csv(export: Export) -> StreamingHttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="homeshield-leads-{export.exported_at_utc:%Y-%m-%d}.csv"',
    }
    return StreamingHttpResponse(export_stream(export), content_type="text/csv; charset=utf-8", headers=headers)
