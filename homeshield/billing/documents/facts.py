"""What a document says, as plain values: made when the document is, read when it is shown. Amounts in USD."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models


class DocumentKind(models.TextChoices):
    INVOICE = "invoice", "Invoice"
    CREDIT_NOTE = "credit_note", "Credit note"
    STATEMENT = "statement", "Statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The seller or the buyer, as it was called when the document was made."""

    name: str
    address: str = ""
    """Lines, as typed."""
    tax_id: str = ""
    email: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "address": self.address, "tax_id": self.tax_id, "email": self.email}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an invoice or of a credit note. `list_price` is what one cost without a discount."""

    text: str
    quantity: int
    list_price: Decimal
    unit_price: Decimal
    note: str = ""

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "quantity": self.quantity,
            "list_price": str(self.list_price),
            "unit_price": str(self.unit_price),
            "note": self.note,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        prices = {name: Decimal(stored[name]) for name in ("list_price", "unit_price")}
        return cls(**{**stored, **prices})


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceContents:
    """An order, paid from the client's account when it was placed."""

    placed_at_utc: datetime
    lines: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        return {"placed_at": instant_text(self.placed_at_utc), "lines": [line.as_json() for line in self.lines]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(placed_at_utc=_instant(stored["placed_at"]), lines=_lines(stored["lines"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditContents:
    """What was given back, and of which order."""

    order_number: int
    lines: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        return {"order_number": self.order_number, "lines": [line.as_json() for line in self.lines]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(order_number=stored["order_number"], lines=_lines(stored["lines"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What moved the balance. `at_utc` is its instant, or the day of which it is the sum."""

    at_utc: datetime
    text: str
    amount: Decimal
    balance: Decimal

    def as_json(self) -> dict[str, Any]:
        return {
            "at": instant_text(self.at_utc),
            "text": self.text,
            "amount": str(self.amount),
            "balance": str(self.balance),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            at_utc=_instant(stored["at"]), text=stored["text"], amount=Decimal(stored["amount"]),
            balance=Decimal(stored["balance"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementContents:
    """A month of an account. A positive balance is the client's money.

    `first_entry` and `last_entry` are the entries of the account that it covers. `by_day` says that movements are sums
    of a day, because there were too many to list.
    """

    opening: Decimal
    closing: Decimal
    first_entry: int
    last_entry: int
    by_day: bool
    movements: tuple[Movement, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "opening": str(self.opening),
            "closing": str(self.closing),
            "first_entry": self.first_entry,
            "last_entry": self.last_entry,
            "by_day": self.by_day,
            "movements": [movement.as_json() for movement in self.movements],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            opening=Decimal(stored["opening"]),
            closing=Decimal(stored["closing"]),
            first_entry=stored["first_entry"],
            last_entry=stored["last_entry"],
            by_day=stored["by_day"],
            movements=tuple(Movement.from_json(movement) for movement in stored["movements"]),
        )


type Contents = InvoiceContents | CreditContents | StatementContents

CONTENTS: Mapping[DocumentKind, type[InvoiceContents | CreditContents | StatementContents]] = {
    DocumentKind.INVOICE: InvoiceContents,
    DocumentKind.CREDIT_NOTE: CreditContents,
    DocumentKind.STATEMENT: StatementContents,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A whole document. `month` is the first day of a statement's month."""

    kind: DocumentKind
    number: int
    issued_at_utc: datetime
    total: Decimal
    seller: Party
    buyer: Party
    contents: Contents
    month: date | None = None


def instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _lines(stored: list[dict[str, Any]]) -> tuple[Line, ...]:
    return tuple(Line.from_json(line) for line in stored)
