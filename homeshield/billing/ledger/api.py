"""Money, for programs: the balance, and what happened on the account."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field, PlainSerializer, WithJsonSchema

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import Act
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.selectors import Balance, Entry, balance_of, ledger_page
from homeshield.lib.api_schemas import (
    EVERYWHERE,
    Answer,
    CurrencyCode,
    Instant,
    Money,
    NextCursor,
    Paged,
    PageSize,
    example,
)
from homeshield.lib.money import CURRENCY

router = Router(tags=["Money"])

type SignedMoney = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^-?\d+\.\d{2}$",
            "description": "US dollars, two places; below zero with a minus sign.",
            "examples": ["-400.00"],
        }
    ),
]

_TRANSACTION_ID = "0190d3c9-4f60-7c83-95aa-ae6271819cb4"
_ORDER_ID = "0190d3c6-1c30-7f50-a277-7b3f4d5e6f81"
_BALANCE = {"balance": "120.00", "credit_limit": "0.00", "available": "120.00", "currency": CURRENCY}
_ENTRY = {
    "transaction_id": _TRANSACTION_ID,
    "number": 12,
    "kind": "order",
    "order_id": _ORDER_ID,
    "reference": "#10432",
    "amount": "-400.00",
    "balance_after": "120.00",
    "happened_at": "2026-06-01T12:00:00Z",
    "reversed": False,
}


class BalanceAnswer(Answer):
    """What orders may cost now."""

    model_config = example(_BALANCE)

    balance: SignedMoney = Field(description="What is on the account, in US dollars.", examples=["120.00"])
    credit_limit: Money | None = Field(
        description="How far orders may take the balance below zero, in US dollars; null: you are on account, without "
        "a limit.",
        examples=["0.00"],
    )
    available: SignedMoney | None = Field(
        description="Balance and credit limit together: what orders may cost, in US dollars; null: without a limit.",
        examples=["120.00"],
    )
    currency: CurrencyCode

    @classmethod
    def of(cls, balance: Balance) -> "BalanceAnswer":
        return cls(
            balance=balance.balance,
            credit_limit=balance.credit_limit,
            available=balance.available,
            currency=CURRENCY,
        )


class LedgerEntry(Answer):
    """One thing that happened on the account."""

    transaction_id: UUID = Field(description="The transaction.", examples=[_TRANSACTION_ID])
    number: int = Field(description="Counts what happened on your account, from 1, without gaps.", examples=[12])
    kind: str = Field(
        description=f"{', '.join(Kind.values)}. More kinds may come.",
        examples=["order"],
        json_schema_extra={"x-extensible-enum": [*Kind.values]},
    )
    order_id: UUID | None = Field(description="The order; null for other kinds.", examples=[_ORDER_ID])
    reference: str = Field(
        description="For people: an order’s number, a transfer’s reference, a reason.", examples=["#10432"]
    )
    amount: SignedMoney = Field(description="What it did to the balance, in US dollars.", examples=["-400.00"])
    balance_after: SignedMoney = Field(description="The balance after it, in US dollars.", examples=["120.00"])
    happened_at: Instant
    reversed: bool = Field(description="Whether a later transaction has reversed it.", examples=[False])

    @classmethod
    def of(cls, entry: Entry) -> "LedgerEntry":
        return cls(
            transaction_id=entry.id,
            number=entry.entry,
            kind=entry.kind,
            order_id=entry.order_id,
            reference=entry.reference,
            amount=entry.amount,
            balance_after=entry.balance_after,
            happened_at=entry.happened_at_utc,
            reversed=entry.is_reversed,
        )


class LedgerPage(Answer):
    """Some of what happened."""

    model_config = example({"entries": [_ENTRY], "next_cursor": None})

    entries: list[LedgerEntry] = Field(description="The latest first.", examples=[[_ENTRY]])
    next_cursor: NextCursor


class LedgerQuery(Paged):
    limit: PageSize = Field(50, ge=1, le=1000, description="Entries on a page.", examples=[50])


@router.get(
    "/balance",
    auth=ApiKeyAuth(Act.BALANCE),
    response={200: BalanceAnswer, **EVERYWHERE},
    operation_id="get_balance",
    summary="Your balance",
)
def balance_show(request: ApiRequest) -> BalanceAnswer:
    """What is on your account, and what orders may cost now."""
    return BalanceAnswer.of(balance_of(request.auth.client_id))


@router.get(
    "/ledger",
    auth=ApiKeyAuth(Act.BALANCE),
    response={200: LedgerPage, **EVERYWHERE},
    operation_id="list_ledger",
    summary="What happened on your account",
)
def ledger_list(request: ApiRequest, query: Query[LedgerQuery]) -> LedgerPage:
    """Orders, payments, returns and everything else that moved your balance, the latest first."""
    page = ledger_page(client_id=request.auth.client_id, cursor=query.cursor, limit=query.limit)
    return LedgerPage(entries=[LedgerEntry.of(entry) for entry in page.rows], next_cursor=page.next_cursor)
