"""What a buyer is told of decisions by staff: on its pages, and by mail."""

from datetime import datetime
from uuid import UUID

from homeshield.accounts.owner_mail import owners_mail
from sales.returns.errors import DecisionsNotMailed
from sales.returns.models import Return, ReturnStatus
from sales.returns.selectors import returns_of, unread_of


def returns_read(*, client_id: UUID, decided_until: datetime, as_of: datetime) -> int:
    """Marks as read what staff decided until an instant: what the page showed. Returns how many."""
    return unread_of(client_id).filter(decided_at_utc__lte=decided_until).update(read_at_utc=as_of)


def decisions_mail_now(*, client_id: UUID, as_of: datetime) -> int:
    """Sends one mail about all decisions of which this client had none yet. Returns how many these are.

    They are marked once it was sent. Two workers at once may send it twice, and none is lost. Raises
    DecisionsNotMailed.
    """
    decided = returns_of(client_id).filter(decided_by__isnull=False, mailed_at_utc=None)
    rows = list(decided.order_by("decided_at_utc", "id"))
    if not rows:
        return 0
    context = {"rows": rows, "accepted": sum(row.status == ReturnStatus.ACCEPTED for row in rows)}
    sent = owners_mail(
        client_id=client_id, subject="Your returns were reviewed", template="returns/email/decisions.txt",
        context=context,
    )  # fmt: skip
    if not sent:
        raise DecisionsNotMailed
    ids = [row.id for row in rows]
    return Return.objects.filter(id__in=ids, mailed_at_utc=None).update(mailed_at_utc=as_of)
