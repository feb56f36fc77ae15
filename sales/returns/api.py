"""Returns, for programs: giving back leads, and what became of that."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from ninja import Body as BodyParameter
from ninja import Query, Router
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest, maker_of_key
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import (
    EVERYWHERE,
    NO_NUL,
    WITH_BODY,
    Answer,
    Body,
    Instant,
    Money,
    NextCursor,
    Paged,
    PageSize,
    example,
)
from sales.api_schemas import ORDER_EXAMPLE, SALES_EXAMPLE, OrderId
from sales.returns.models import LONGEST_NOTE, Return, ReturnReason, ReturnStatus
from sales.returns.rules import Refusal
from sales.returns.selectors import returns_page
from sales.returns.services import MOST_AT_ONCE, Answered, Asked, returns_make

router = Router(tags=["Returns"])

_RETURN_ID = "0190d3c9-4f60-7c83-85aa-ae62819c4b41"
_REQUEST = {"sale_id": SALES_EXAMPLE[0], "reason": "disconnected", "note": "No ring tone on three days."}
_ACCEPTED = {
    "sale_id": SALES_EXAMPLE[0], "status": "accepted", "return_id": _RETURN_ID, "credit": "8.00", "error": None,
    "message": None,
}  # fmt: skip
_REFUSED = {
    "sale_id": SALES_EXAMPLE[1], "status": "refused", "return_id": None, "credit": None, "error": "returned_before",
    "message": "You returned this lead before. A lead is returned once.",
}  # fmt: skip
_RETURN = {
    "return_id": _RETURN_ID,
    "sale_id": SALES_EXAMPLE[0],
    "order_id": ORDER_EXAMPLE,
    "reason": "disconnected",
    "note": "No ring tone on three days.",
    "status": "accepted",
    "credit": "8.00",
    "returned_at": "2026-06-03T09:30:00Z",
    "decided_at": "2026-06-03T09:30:00Z",
    "word": None,
}

SaleId = Annotated[UUID, Field(description="The sale, as in the CSV of your purchase.", examples=SALES_EXAMPLE[:1])]
ReturnId = Annotated[UUID, Field(description="The return.", examples=[_RETURN_ID])]
Credit = Annotated[
    Money | None,
    Field(description="What was credited to your balance, in US dollars; null: nothing.", examples=["8.00"]),
]
Status = Annotated[
    str,
    Field(
        description="`accepted`: credited, and decided for good. `waiting`: our staff decide, and tell you. `refused`: "
        "not taken back. Further values may come.",
        examples=["accepted"],
        json_schema_extra={"x-extensible-enum": list(ReturnStatus.values)},
    ),
]
Reason = Annotated[
    ReturnReason,
    Field(
        description="What is wrong with the lead. `duplicate`: you owned a lead of the same person before. "
        "`outside_criteria`: it is not of the class, age bucket or place of its order line. Both are decided by our "
        "data at once.",
        examples=["disconnected"],
    ),
]


class ReturnRequest(Body):
    """A lead to give back."""

    model_config = Body.model_config | example(_REQUEST)

    sale_id: SaleId
    reason: Reason
    note: str = Field(
        "",
        max_length=LONGEST_NOTE,
        pattern=NO_NUL,
        description="For our staff, who read it if the return waits.",
        examples=[_REQUEST["note"]],
    )


class ReturnOutcome(Answer):
    """What became of one lead that you gave back."""

    model_config = example(_ACCEPTED, _REFUSED)

    sale_id: SaleId
    status: Status
    return_id: ReturnId | None = Field(description="null: refused, so it may be sent again.", examples=[_RETURN_ID])
    credit: Credit
    error: str | None = Field(
        description="Why it is refused, for programs; null: it is not. Further values may come.",
        examples=["returned_before"],
        json_schema_extra={"x-extensible-enum": [*Refusal]},
    )
    message: str | None = Field(
        description="The same for people.", examples=["You returned this lead before. A lead is returned once."]
    )

    @classmethod
    def of(cls, one: Answered) -> "ReturnOutcome":
        return cls(
            sale_id=one.asked.sale_id,
            status=one.status,
            return_id=one.made.id if one.made else None,
            credit=_credit(one.status, one.amount),
            error=one.verdict.refusal,
            message=one.message or None,
        )


class ReturnOutcomes(Answer):
    """What became of each lead that you gave back."""

    model_config = example({"returns": [_ACCEPTED, _REFUSED]})

    returns: list[ReturnOutcome] = Field(description="In the order sent.", examples=[[_ACCEPTED, _REFUSED]])


class ReturnAnswer(Answer):
    """A lead that you gave back."""

    model_config = example(_RETURN)

    return_id: ReturnId
    sale_id: SaleId
    order_id: OrderId
    reason: str = Field(
        description="As you sent it. Further values may come.",
        examples=["disconnected"],
        json_schema_extra={"x-extensible-enum": list(ReturnReason.values)},
    )
    note: str | None = Field(description="As you sent it; null: none.", examples=[_REQUEST["note"]])
    status: Status
    credit: Credit
    returned_at: Instant = Field(description="When you gave it back.", examples=["2026-06-03T09:30:00Z"])
    decided_at: Instant | None = Field(
        description="When it was accepted or refused; null: it waits.", examples=["2026-06-03T09:30:00Z"]
    )
    word: str | None = Field(
        description="What our staff say about their decision; null: nothing.", examples=["The number rings here."]
    )

    @classmethod
    def of(cls, one: Return) -> "ReturnAnswer":
        return cls(
            return_id=one.id, sale_id=one.sale_id, order_id=one.sale.order_id, reason=one.reason,
            note=one.note or None, status=one.status, credit=_credit(one.status, one.amount),
            returned_at=one.asked_at_utc, decided_at=one.decided_at_utc, word=one.word or None,
        )  # fmt: skip


class ReturnsPage(Answer):
    """Some of your returns."""

    model_config = example({"returns": [_RETURN], "next_cursor": None})

    returns: list[ReturnAnswer] = Field(description="The newest first.", examples=[[_RETURN]])
    next_cursor: NextCursor


class ReturnsQuery(Paged):
    limit: PageSize = Field(50, ge=1, le=1000, description="Returns on a page.", examples=[50])
    status: ReturnStatus | None = Field(None, description="Only those of this status.", examples=["waiting"])


Returns = Annotated[
    list[ReturnRequest],
    BodyParameter(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="The leads to give back, each with its reason.",
        examples=[[_REQUEST]],
    ),
]


def _credit(status: str, amount: Decimal) -> Decimal | None:
    return amount if status == ReturnStatus.ACCEPTED else None


@router.post(
    "/returns",
    auth=ApiKeyAuth(Act.RETURN),
    response={200: ReturnOutcomes, **EVERYWHERE, **WITH_BODY},
    operation_id="return_leads",
    summary="Return leads",
)
def returns_send(request: ApiRequest, body: Returns) -> ReturnOutcomes:
    """Gives leads back. Each is answered by itself: accepted with the credit, waiting for our staff, or refused with a
    reason. A sale is returned once, so a repeat is refused and changes nothing."""
    maker = maker_of_key(request)
    answers = returns_make(
        client_id=request.auth.client_id,
        asked=[Asked(sale_id=one.sale_id, reason=one.reason, note=one.note.strip()) for one in body],
        user_id=maker.id if maker else None,
        api_key_id=request.auth.id,
        as_of=request.as_of,
    )
    return ReturnOutcomes(returns=[ReturnOutcome.of(one) for one in answers])


@router.get(
    "/returns",
    auth=ApiKeyAuth(Act.RETURN),
    response={200: ReturnsPage, **EVERYWHERE},
    operation_id="list_returns",
    summary="Your returns",
)
def returns_list(request: ApiRequest, query: Query[ReturnsQuery]) -> ReturnsPage:
    """What you gave back, and what became of it."""
    page = returns_page(
        client_id=request.auth.client_id, status=query.status, cursor=query.cursor, limit=query.limit
    )  # fmt: skip
    return ReturnsPage(returns=[ReturnAnswer.of(one) for one in page.rows], next_cursor=page.next_cursor)
