"""What the worker does after an opt-out: mails to buyers, and erasure, which the web's login may not do."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from homeshield.lib.tasks import background
from sales.privacy.erasing import erasures_left, opt_out_erase_now
from sales.privacy.mail import notices_mail_now
from sales.privacy.models import Notice

ERASED_AT_ONCE = 1000
"""Opt-outs that the scheduler gives in one hour. The rest wait for the next."""


@background
def notices_mail(client_id: str) -> None:
    """Tells a client's owners by mail of all notices of which they had no mail yet."""
    notices_mail_now(client_id=UUID(client_id), as_of=timezone.now())


@background
def opt_out_erase(opt_out_id: str) -> None:
    """Erases the leads of an opt-out."""
    opt_out_erase_now(opt_out_id=UUID(opt_out_id), as_of=timezone.now())


def left_over_enqueue(*, as_of: datetime) -> int:
    """Gives the worker once more what it should have done by now: a task that failed is not repeated by itself.

    Also what nobody gave it: leads that a load brought in after their person was erased. For the
    scheduler, once an hour. Returns how many tasks it gave.
    """
    clients = Notice.objects.filter(mailed_at_utc=None, told_at_utc__lt=as_of).values_list("client_id", flat=True)
    for client_id in (unmailed := set(clients.order_by().distinct())):
        notices_mail.enqueue(str(client_id))
    for opt_out_id in (unerased := erasures_left(before=as_of, limit=ERASED_AT_ONCE)):
        opt_out_erase.enqueue(str(opt_out_id))
    return len(unmailed) + len(unerased)
