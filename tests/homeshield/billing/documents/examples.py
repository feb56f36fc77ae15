"""Documents of fictional companies."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pypdf

from homeshield.billing.documents.facts import (
    Contents,
    CreditContents,
    DocumentKind,
    Facts,
    InvoiceContents,
    Line,
    Movement,
    Party,
    StatementContents,
)
from homeshield.billing.documents.issuing import credit_notes_issue
from homeshield.billing.documents.render import LAYOUT, document_pdf
from homeshield.billing.documents.sheet import sheet_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SELLER = Party(name="HomeShield Inc.", address="1 Example Way\nSpringfield, IL 62701", tax_id="00-0000001")
BUYER = Party(name="Bayou Insurance LLC", address="7 Magnolia Dr\nPecanville, LA 71118")

FULL = Line(text="Gold, 6 to 8 months, LA", quantity=2, list_price=Decimal("8.00"), unit_price=Decimal("8.00"))
REDUCED = Line(
    text="Silver, 3 to 5 months, Caddo, LA",
    quantity=10,
    list_price=Decimal("7.50"),
    unit_price=Decimal("6.75"),
    note="10% off from 10 leads",
)
INVOICE = InvoiceContents(placed_at_utc=NOON, lines=(FULL, REDUCED))
CREDIT = CreditContents(order_number=10432, lines=(FULL,))
STATEMENT = StatementContents(
    opening=Decimal("100.00"),
    closing=Decimal("16.50"),
    first_entry=2,
    last_entry=2,
    by_day=False,
    movements=(Movement(at_utc=NOON, text="Order #10432", amount=Decimal("-83.50"), balance=Decimal("16.50")),),
)
TOTALS = {
    DocumentKind.INVOICE: Decimal("83.50"),
    DocumentKind.CREDIT_NOTE: Decimal("16.00"),
    DocumentKind.STATEMENT: Decimal("16.50"),
}


def facts(kind: DocumentKind, contents: Contents, **other: Any) -> Facts:
    """A document of June 1, 2026."""
    given: dict[str, Any] = {
        "number": 10432,
        "issued_at_utc": NOON,
        "total": TOTALS[kind],
        "seller": SELLER,
        "buyer": BUYER,
        "month": date(2026, 5, 1) if kind is DocumentKind.STATEMENT else None,
    }
    return Facts(kind=kind, contents=contents, **given | other)


def pdf(document: Facts) -> bytes:
    return document_pdf(sheet_of(document), issued_at=document.issued_at_utc, layout=LAYOUT)


def text_of(file: bytes) -> str:
    """What a reader finds in a PDF, page after page."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file)).pages)


def credit_note_make(client_id: UUID, *, as_of: datetime) -> UUID:
    """Issues CREDIT to a client, for a return of its own."""
    [made] = credit_notes_issue(client_id=client_id, contents={uuid4(): CREDIT}, as_of=as_of)
    return made
