from datetime import datetime
from typing import LiteralString

from django.db import connection, transaction

from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.issuing import ISSUING, document_of, issuing_parameters
from homeshield.billing.documents.models import Document
from sales.invoicing.contents import invoice_contents
from sales.models import Order

INVOICING: LiteralString = ISSUING.format(number="(SELECT number FROM orders WHERE id = document.source_id)")
"""Within the order's own message (sales/ordering/writing.py), or later for an order that is older than invoices."""


def invoice_of(order: Order, *, as_of: datetime) -> Document:
    """The order's invoice (contract, "Money").

    Orders of before this chapter have none until somebody asks. It is made then, with the details of that instant, and
    says so; nobody gets it by mail. Two who ask at once get the same one.
    """
    if found := document_of(kind=DocumentKind.INVOICE, source_id=order.id):
        return found
    contents = invoice_contents(lines=order.lines.all(), placed_at_utc=order.placed_at_utc)
    parameters = issuing_parameters(
        kind=DocumentKind.INVOICE, client_id=order.client_id, source_id=order.id, total=order.total, contents=contents,
        as_of=as_of, mailed=False,
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INVOICING, parameters)
    made = document_of(kind=DocumentKind.INVOICE, source_id=order.id)
    assert made is not None
    return made
