"""Documents by mail, with the PDF attached."""

import logging
from datetime import datetime, timedelta
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from homeshield.accounts.company_names import name_for_mail
from homeshield.billing.documents.errors import DocumentsNotMailed
from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.models import Document, DocumentMail
from homeshield.billing.documents.render import document_pdf
from homeshield.billing.documents.sheet import month_text, number_text
from homeshield.lib.mails import mail_message

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(hours=1)
"""Until a mail that was not sent, or whose worker died, is tried again."""

MOST_ATTEMPTS = 24

GIVEN_AT_ONCE = 500


def mails_unsent() -> QuerySet[DocumentMail]:
    return DocumentMail.objects.filter(sent_at_utc=None, attempts__lt=MOST_ATTEMPTS)


def mails_give(*, as_of: datetime) -> list[UUID]:
    """Marks mails as given to the worker, and returns their documents. Call it in the transaction that enqueues."""
    waiting = mails_unsent().filter(Q(given_at_utc=None) | Q(given_at_utc__lt=as_of - AGAIN_AFTER))
    taken = list(
        waiting.select_for_update(skip_locked=True)
        .order_by(F("given_at_utc").asc(nulls_first=True), "document_id")
        .values_list("id", "document_id")[:GIVEN_AT_ONCE]
    )
    DocumentMail.objects.filter(id__in=[mail for mail, _ in taken]).update(given_at_utc=as_of)
    return list(dict.fromkeys(document for _, document in taken))


def document_mail_now(*, document_id: UUID) -> int:
    """Sends a document to the addresses that have not got it yet, and returns to how many.

    Each mail is claimed before it is sent and marked when it was, each in a transaction of its own. If a worker dies in
    between, the mail goes again after an hour, under the same Message-ID, by which mail systems know it. Raises
    DocumentsNotMailed.
    """
    document = Document.objects.select_related("client").get(id=document_id)
    pdf, sent, left = None, 0, 0
    for mail in list(mails_unsent().filter(document=document).order_by("id")):
        if not _claim(mail, now=timezone.now()):
            continue
        pdf = pdf or document_pdf(document.sheet, issued_at=document.issued_at_utc, layout=document.layout)
        if _send(document, mail, pdf):
            DocumentMail.objects.filter(id=mail.id, sent_at_utc=None).update(sent_at_utc=timezone.now())
            sent += 1
        else:
            left += 1
    if left:
        raise DocumentsNotMailed(left=left)
    return sent


def _claim(mail: DocumentMail, *, now: datetime) -> bool:
    """Whether this worker may send it."""
    free = Q(claimed_at_utc=None) | Q(claimed_at_utc__lt=now - AGAIN_AFTER)
    with transaction.atomic(durable=True):
        claimed = DocumentMail.objects.filter(free, id=mail.id, sent_at_utc=None)
        return claimed.update(claimed_at_utc=now, attempts=F("attempts") + 1) == 1


def _send(document: Document, mail: DocumentMail, pdf: bytes) -> bool:
    month = month_text(document.month) if document.month else ""
    context = {"document": document, "company": name_for_mail(document.client.name), "month": month}
    message = mail_message(
        f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject_of(document)}",
        render_to_string("billing/email/document.txt", context),
        [mail.address],
        headers={"Message-ID": _message_id(document, mail)},
    )
    message.attach(file_name(document), pdf, "application/pdf")
    try:
        message.send()
    except OSError:  # SMTPException is a subclass
        logger.exception("A mail with a document could not be sent.")
        return False
    return True


def subject_of(document: Document) -> str:
    """Holds nothing that somebody typed."""
    return f"Statement for {month_text(document.month)}" if document.month else document.title


def file_name(document: Document) -> str:
    """`homeshield-invoice-10432.pdf`"""
    kind = DocumentKind(document.kind)
    number = number_text(kind, document.number).removeprefix("#")
    return f"homeshield-{kind.value.replace('_', '-')}-{number}.pdf"


def _message_id(document: Document, mail: DocumentMail) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<document-{document.id}-{mail.id}@{domain}>"
