"""What the worker does with documents."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from homeshield.billing.documents.mail import document_mail_now, mails_give
from homeshield.lib.tasks import background


@background
def document_mail(document_id: str) -> None:
    """Mails a document to the addresses that have not got it yet."""
    document_mail_now(document_id=UUID(document_id))


def documents_enqueue(*, as_of: datetime) -> int:
    """Gives the worker new documents to mail, and once an hour those that are left. For the scheduler, every round.

    An order enqueues nothing itself, so it costs no statement more. Returns how many documents.
    """
    with transaction.atomic():
        documents = mails_give(as_of=as_of)
        for document_id in documents:
            document_mail.enqueue(str(document_id))
    return len(documents)
