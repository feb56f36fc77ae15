"""The credit note of an accepted return (contract, "Money": each credit has one)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from homeshield.billing.documents import issuing
from homeshield.billing.documents.facts import CreditContents, Line
from sales.models import OrderLine, Sale
from sales.returns.models import Return


def credit_notes_issue(rows: Sequence[Return], *, client_id: UUID, as_of: datetime) -> dict[UUID, int]:
    """Issues one for each of these returns of a client, with the prices that the sale paid. No personal data stands
    on it. Returns the numbers of their orders, by return.
    """
    sales = Sale.objects.filter(id__in=[row.sale_id for row in rows]).select_related("order").in_bulk()
    orders = {sale.order_id for sale in sales.values()}
    lines = {(line.order_id, line.number): line for line in OrderLine.objects.filter(order_id__in=orders)}

    def contents(row: Return) -> CreditContents:
        sale = sales[row.sale_id]
        returned = Line(
            text=lines[sale.order_id, sale.line_number].criteria.label,
            quantity=1,
            list_price=sale.list_price,
            unit_price=sale.purchase_price,
            note=f"Returned: {row.get_reason_display()}",
        )
        return CreditContents(order_number=sale.order.number, lines=(returned,))

    issuing.credit_notes_issue(client_id=client_id, contents={row.id: contents(row) for row in rows}, as_of=as_of)
    return {row.id: sales[row.sale_id].order.number for row in rows}
