"""What the worker does after staff decided a return: the mail to the buyer."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from homeshield.lib.tasks import background
from sales.returns.models import Return
from sales.returns.reading import decisions_mail_now


@background
def return_decisions_mail(client_id: str) -> None:
    """Tells a client's owners by mail of all decisions of which they had no mail yet."""
    decisions_mail_now(client_id=UUID(client_id), as_of=timezone.now())


def unmailed_enqueue(*, as_of: datetime) -> int:
    """Gives the worker once more the mails about decisions from before an instant: a task that failed is not repeated
    by itself. For the scheduler, once an hour. Returns how many tasks it gave."""
    decided = Return.objects.filter(decided_by__isnull=False, mailed_at_utc=None, decided_at_utc__lt=as_of)
    clients = set(decided.order_by().values_list("client_id", flat=True).distinct())
    for client_id in clients:
        return_decisions_mail.enqueue(str(client_id))
    return len(clients)
