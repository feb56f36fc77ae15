"""Makes documents, in the transaction of what they are for (contract, "Money")."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from homeshield.billing.documents.facts import Contents, CreditContents, DocumentKind
from homeshield.billing.documents.models import Document
from homeshield.billing.documents.render import LAYOUT
from homeshield.lib.ids import new_id

ISSUING: LiteralString = """
    WITH issued AS (
        INSERT INTO documents (id, kind, number, client_id, source_id, month, issued_at_utc, total, seller, buyer,
                               contents, layout)
        SELECT %(document_id)s, %(document_kind)s, {number}, clients.id, %(document_source)s, %(document_month)s,
               %(document_issued_at)s, %(document_total)s, %(document_seller)s::jsonb,
               jsonb_build_object('name', coalesce(nullif(details.legal_name, ''), clients.name),
                                  'address', coalesce(details.address, ''),
                                  'tax_id', coalesce(details.tax_id, '')),
               %(document_contents)s::jsonb, %(document_layout)s
        FROM clients LEFT JOIN billing_details details ON details.client_id = clients.id
        WHERE clients.id = %(document_client)s
        ON CONFLICT (kind, source_id) DO NOTHING
        RETURNING id, client_id
    )
    INSERT INTO document_mails (document_id, client_id, address)
    SELECT issued.id, issued.client_id, mailed.address
    FROM issued
    JOIN billing_details details ON details.client_id = issued.client_id AND %(document_mailed)s
    CROSS JOIN unnest(details.mail_to) AS mailed (address)
"""
"""Writes a document with the details of this instant, and a mail for each address. A second one for the same source is
not written.
"""

NUMBERS: dict[DocumentKind, LiteralString] = {
    DocumentKind.CREDIT_NOTE: "next_credit_note_number()",
    DocumentKind.STATEMENT: "nextval('statement_numbers')",
}
"""Of an invoice, sales gives its order's."""


def issuing_parameters(
    *,
    kind: DocumentKind,
    client_id: UUID,
    total: Decimal,
    contents: Contents,
    as_of: datetime,
    source_id: UUID | None = None,
    month: date | None = None,
    mailed: bool = True,
) -> dict[str, Any]:
    """Returns the parameters of ISSUING."""
    return {
        "document_id": new_id(),
        "document_kind": kind.value,
        "document_client": client_id,
        "document_source": source_id,
        "document_month": month,
        "document_issued_at": as_of,
        "document_total": total,
        "document_seller": json.dumps(settings.SELLER),
        "document_contents": json.dumps(contents.as_json()),
        "document_layout": LAYOUT,
        "document_mailed": mailed,
    }


def document_issue(
    *,
    kind: DocumentKind,
    client_id: UUID,
    total: Decimal,
    contents: Contents,
    as_of: datetime,
    source_id: UUID | None = None,
    month: date | None = None,
) -> UUID:
    """Issues a document in the caller's transaction, and returns its id. Only for kinds with numbers of their own.

    The seller's and the client's details are those of now; addresses that the client names get it by mail.
    """
    parameters = issuing_parameters(
        kind=kind, client_id=client_id, total=total, contents=contents, as_of=as_of, source_id=source_id, month=month
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ISSUING.format(number=NUMBERS[kind]), parameters)
    made: UUID = parameters["document_id"]
    return made


def credit_note_issue(*, client_id: UUID, return_id: UUID, contents: CreditContents, as_of: datetime) -> UUID:
    """Issues the credit note of a return, once, in the transaction that credits it. Returns its id."""
    return document_issue(
        kind=DocumentKind.CREDIT_NOTE,
        client_id=client_id,
        source_id=return_id,
        total=sum((line.amount for line in contents.lines), Decimal("0.00")),
        contents=contents,
        as_of=as_of,
    )


def document_of(*, kind: DocumentKind, source_id: UUID) -> Document | None:
    return Document.objects.filter(kind=kind, source_id=source_id).first()
