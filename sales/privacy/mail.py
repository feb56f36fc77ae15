"""The mail to a client's owners about notices. It names no person: the notices page says which sales it is about."""

from datetime import datetime
from uuid import UUID

from homeshield.accounts.owner_mail import owners_mail
from sales.privacy.errors import NoticesNotMailed
from sales.privacy.models import Asked, Notice


def notices_mail_now(*, client_id: UUID, as_of: datetime) -> int:
    """Sends one mail about all notices of which this client had none yet. Returns how many these are.

    They are marked once it was sent. Two workers at once may send it twice, and none is lost. Raises NoticesNotMailed.
    """
    asks = dict(Notice.objects.filter(client_id=client_id, mailed_at_utc=None).values_list("id", "asks"))
    if not asks:
        return 0
    context = {"leads": len(asks), "erase": sum(one == Asked.DELETE for one in asks.values())}
    sent = owners_mail(
        client_id=client_id, subject="People whose leads you bought have opted out",
        template="privacy/email/notices.txt", context=context,
    )  # fmt: skip
    if not sent:
        raise NoticesNotMailed
    return Notice.objects.filter(id__in=asks, mailed_at_utc=None).update(mailed_at_utc=as_of)
