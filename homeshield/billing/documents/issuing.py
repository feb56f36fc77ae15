"""Makes documents, in the transaction of what they are for (contract, "Money")."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from django.conf import settings
from django.db import connection

from homeshield.billing.documents.facts import Contents, CreditContents, DocumentKind
from homeshield.billing.documents.models import Document
from homeshield.billing.documents.render import LAYOUT
from homeshield.lib.ids import new_id

ISSUING: LiteralString = """
    WITH issued AS (
        INSERT INTO documents (id, kind, number, client_id, source_id, month, issued_at_utc, total, seller, buyer,
                               contents, layout)
        SELECT document.id, %(document_kind)s, {number}, clients.id, document.source_id, %(document_month)s::date,
               %(document_issued_at)s, document.total, %(document_seller)s::jsonb,
               jsonb_build_object('name', coalesce(nullif(details.legal_name, ''), clients.name),
                                  'address', coalesce(details.address, ''),
                                  'tax_id', coalesce(details.tax_id, '')),
               document.contents, %(document_layout)s
        FROM jsonb_to_recordset(%(documents)s::jsonb)
                 AS document (id uuid, source_id uuid, total numeric, contents jsonb)
        JOIN clients ON clients.id = %(document_client)s
        LEFT JOIN billing_details details ON details.client_id = clients.id
        ORDER BY document.id
        ON CONFLICT (kind, source_id) DO NOTHING
        RETURNING id, client_id
    )
    INSERT INTO document_mails (document_id, client_id, address)
    SELECT issued.id, issued.client_id, mailed.address
    FROM issued
    JOIN billing_details details ON details.client_id = issued.client_id AND %(document_mailed)s
    CROSS JOIN unnest(details.mail_to) AS mailed (address)
"""
"""Writes documents of one client with the details of this instant, and a mail of each for each address. Numbers follow
the order of ids. A second document for the same source is not written.
"""

NUMBERS: dict[DocumentKind, LiteralString] = {
    DocumentKind.CREDIT_NOTE: "next_credit_note_number()",
    DocumentKind.STATEMENT: "nextval('statement_numbers')",
}
"""Of an invoice, sales gives its order's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One document to be made: what it is for, its total in USD, and what it says."""

    id: UUID = field(default_factory=new_id)
    source_id: UUID | None
    total: Decimal
    contents: Contents

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "source_id": str(self.source_id) if self.source_id else None,
            "total": str(self.total),
            "contents": self.contents.as_json(),
        }


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
    """Returns the parameters of ISSUING for one document."""
    one = Issued(source_id=source_id, total=total, contents=contents)
    return _parameters(kind, [one], client_id=client_id, as_of=as_of, month=month, mailed=mailed)


def _parameters(
    kind: DocumentKind,
    documents: Sequence[Issued],
    *,
    client_id: UUID,
    as_of: datetime,
    month: date | None = None,
    mailed: bool = True,
) -> dict[str, Any]:
    return {
        "document_kind": kind.value,
        "document_client": client_id,
        "document_month": month,
        "document_issued_at": as_of,
        "document_seller": json.dumps(settings.SELLER),
        "document_layout": LAYOUT,
        "document_mailed": mailed,
        "documents": json.dumps([document.as_json() for document in documents]),
    }


def documents_issue(
    *, kind: DocumentKind, client_id: UUID, documents: Sequence[Issued], as_of: datetime, month: date | None = None
) -> None:
    """Issues documents in the caller's transaction, in one statement. Only for kinds with numbers of their own.

    The seller's and the client's details are those of now; addresses that the client names get each by mail.
    """
    parameters = _parameters(kind, documents, client_id=client_id, as_of=as_of, month=month)
    with connection.cursor() as cursor:
        cursor.execute(ISSUING.format(number=NUMBERS[kind]), parameters)


def document_issue(
    *,
    kind: DocumentKind,
    client_id: UUID,
    total: Decimal,
    contents: Contents,
    as_of: datetime,
    month: date | None = None,
) -> UUID:
    """Issues one document as `documents_issue`, and returns its id."""
    one = Issued(source_id=None, total=total, contents=contents)
    documents_issue(kind=kind, client_id=client_id, documents=[one], as_of=as_of, month=month)
    return one.id


def credit_notes_issue(*, client_id: UUID, contents: Mapping[UUID, CreditContents], as_of: datetime) -> list[UUID]:
    """Issues the credit notes of these returns, each once, in the transaction that credits them. Returns their ids."""
    documents = [
        Issued(source_id=return_id, total=sum((line.amount for line in said.lines), Decimal("0.00")), contents=said)
        for return_id, said in contents.items()
    ]
    documents_issue(kind=DocumentKind.CREDIT_NOTE, client_id=client_id, documents=documents, as_of=as_of)
    return [document.id for document in documents]


def document_of(*, kind: DocumentKind, source_id: UUID) -> Document | None:
    return Document.objects.filter(kind=kind, source_id=source_id).first()
