"""What the invoice of an order says."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from homeshield.billing.documents.facts import InvoiceContents, Line
from sales.models import OrderLine


def invoice_line(
    *, text: str, quantity: int, list_price: Decimal, unit_price: Decimal, replaced: int, territory: str
) -> Line:
    """`text` names what the leads were asked for by, `territory` what the line is a part of."""
    note = f"{replaced:,} replaced, because the leads were gone" if replaced else ""
    if territory:  # which is asked for by criteria, so nothing is replaced
        note = f"Part of {territory}"
    return Line(text=text, quantity=quantity, list_price=list_price, unit_price=unit_price, note=note)


def invoice_contents(*, lines: Iterable[OrderLine], placed_at_utc: datetime) -> InvoiceContents:
    """Of lines that are stored."""
    return InvoiceContents(
        placed_at_utc=placed_at_utc,
        lines=tuple(
            invoice_line(
                text=line.criteria.label, quantity=line.quantity, list_price=line.list_price,
                unit_price=line.unit_price, replaced=line.replaced, territory=line.territory_label,
            )
            for line in lines
        ),
    )  # fmt: skip
