from uuid import UUID

from homeshield.billing.documents.errors import DocumentNotFound
from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.models import Document
from homeshield.lib.keyset import Page, keyset_page


def documents_page(
    *, client_id: UUID, kind: DocumentKind | None, cursor: str | None, limit: int = 50
) -> Page[Document]:
    """The client's documents, the newest first, without what they say. Raises BadCursor."""
    documents = Document.objects.filter(client_id=client_id).defer("seller", "buyer", "contents")
    if kind is not None:
        documents = documents.filter(kind=kind)
    return keyset_page(
        documents, by="issued_at_utc", of=f"documents of {client_id}, {kind}", cursor=cursor, limit=limit,
        descending=True,
    )  # fmt: skip


def document_get(*, client_id: UUID, document_id: UUID) -> Document:
    """Raises DocumentNotFound, also for another client's."""
    found = Document.objects.filter(client_id=client_id, id=document_id).first()
    if found is None:
        raise DocumentNotFound
    return found
