"""Addresses that documents were mailed to. The documents stay."""

from datetime import datetime

from django.db.models import Q, QuerySet

from homeshield.billing.documents.mail import MOST_ATTEMPTS
from homeshield.billing.documents.models import DocumentMail
from homeshield.lib.retention import Kept


def _over(before: datetime) -> QuerySet[DocumentMail]:
    given_up = Q(sent_at_utc=None, attempts__gte=MOST_ATTEMPTS, claimed_at_utc__lt=before)
    return DocumentMail.objects.filter(Q(sent_at_utc__lt=before) | given_up)


KEPT = (
    Kept(what="Addresses that documents were mailed to", days=90, count=lambda before: _over(before).count(),
         remove=lambda before: _over(before).delete()[0]),
)  # fmt: skip
