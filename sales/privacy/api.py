"""Notices, for programs: who of the people you bought has opted out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Path, Query, Router
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest, maker_of_key
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, Answer, Instant, NextCursor, Paged, PageSize, example, refused_by
from sales.api_schemas import ORDER_EXAMPLE, SALES_EXAMPLE, OrderId
from sales.privacy.errors import NoticeNotFound
from sales.privacy.models import Notice
from sales.privacy.notices import notice_confirm, notices_page

router = Router(tags=["Notices"])

_NOTICE_ID = "0190d3c8-3e50-7b72-8499-9d516f708ba3"
_LEAD_ID = "0190d3c2-5a00-7c11-9d22-1e2f3a4b5c6d"
_NOTICE = {
    "notice_id": _NOTICE_ID,
    "asks": "delete",
    "sale_id": SALES_EXAMPLE[0],
    "order_id": ORDER_EXAMPLE,
    "lead_id": _LEAD_ID,
    "sold_at": "2026-06-01T12:00:00Z",
    "told_at": "2026-07-01T09:30:00Z",
    "confirmed_at": None,
}

NoticeInPath = Annotated[UUID, Path(description="A notice of yours.", example=_NOTICE_ID)]


class NoticeAnswer(Answer):
    """That the person of one of your leads has opted out."""

    model_config = example(_NOTICE)

    notice_id: UUID = Field(description="The notice, to confirm it.", examples=[_NOTICE_ID])
    asks: str = Field(
        description="`stop`: stop calling. `delete`: stop calling, and delete what you keep about the person. Further "
        "values may come.",
        examples=["delete"],
        json_schema_extra={"x-extensible-enum": ["stop", "delete"]},
    )
    sale_id: UUID = Field(description="The sale, as in the CSV of your purchase.", examples=[SALES_EXAMPLE[0]])
    order_id: OrderId
    lead_id: UUID = Field(description="The lead.", examples=[_LEAD_ID])
    sold_at: Instant = Field(description="When you bought it.", examples=["2026-06-01T12:00:00Z"])
    told_at: Instant = Field(description="When the notice came.", examples=["2026-07-01T09:30:00Z"])
    confirmed_at: Instant | None = Field(
        description="When you confirmed it; null: you have not yet.", examples=["2026-07-01T10:00:00Z"]
    )

    @classmethod
    def of(cls, notice: Notice) -> "NoticeAnswer":
        sale = notice.sale
        return cls(
            notice_id=notice.id, asks=notice.asks, sale_id=sale.id, order_id=sale.order_id, lead_id=sale.lead_id,
            sold_at=sale.sold_at_utc, told_at=notice.told_at_utc, confirmed_at=notice.confirmed_at_utc,
        )  # fmt: skip


class NoticesPage(Answer):
    """Some of your notices."""

    model_config = example({"notices": [_NOTICE], "next_cursor": None})

    notices: list[NoticeAnswer] = Field(description="The newest first.", examples=[[_NOTICE]])
    next_cursor: NextCursor


class NoticesQuery(Paged):
    limit: PageSize = Field(50, ge=1, le=1000, description="Notices on a page.", examples=[50])
    confirmed: bool | None = Field(
        None,
        description="false: those that you have still to confirm. true: the others. Absent: all.",
        examples=[False],
    )


@router.get(
    "/notices",
    auth=ApiKeyAuth(Act.NOTICES),
    response={200: NoticesPage, **EVERYWHERE},
    operation_id="list_notices",
    summary="Who has opted out",
)
def notices_list(request: ApiRequest, query: Query[NoticesQuery]) -> NoticesPage:
    """People whose leads you bought, and who have opted out since. Stop calling them, then confirm."""
    page = notices_page(
        client_id=request.auth.client_id, confirmed=query.confirmed, cursor=query.cursor, limit=query.limit
    )
    return NoticesPage(notices=[NoticeAnswer.of(notice) for notice in page.rows], next_cursor=page.next_cursor)


@router.post(
    "/notices/{notice_id}/confirm",
    auth=ApiKeyAuth(Act.NOTICES),
    response={200: NoticeAnswer, **refused_by(NoticeNotFound), **EVERYWHERE},
    operation_id="confirm_notice",
    summary="Confirm that you have done it",
)
def notice_confirm_by_key(request: ApiRequest, notice_id: NoticeInPath) -> NoticeAnswer:
    """Says that you have done what the person asks. A repeat changes nothing and answers with the first confirmation's
    instant."""
    as_of: datetime = request.as_of
    maker = maker_of_key(request)
    notice = notice_confirm(
        client_id=request.auth.client_id, notice_id=notice_id, user_id=maker.id if maker else None,
        api_key_id=request.auth.id, as_of=as_of,
    )  # fmt: skip
    return NoticeAnswer.of(notice)
