"""Mails about saved searches, sent by the worker: one in 24 hours for each user at most."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from homeshield.accounts.models import User
from homeshield.accounts.permissions import Act
from homeshield.lib.mails import mail_message
from homeshield.lib.tasks import background
from inventory.buyer import buyer_of
from sales.saved.errors import SearchesNotMailed
from sales.saved.models import SavedSearch
from sales.saved.selectors import Found, searches_found
from sales.saved.services import stop_token

LOOKED_EVERY = timedelta(hours=1)
MAILED_EVERY = timedelta(hours=24)
GIVEN_AT_ONCE = 5000
"""Users that the scheduler gives in one hour. The rest wait for the next."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """A search of which a mail tells: it passes its number, or its price fell from `before`."""

    found: Found
    passes: bool
    before: Decimal | None


@background
def searches_mail(user_id: str) -> None:
    """Looks what a user's saved searches find, and mails what they wait for."""
    searches_mail_now(user_id=UUID(user_id), as_of=timezone.now())


def searches_enqueue(*, as_of: datetime) -> int:
    """Gives the worker everybody who waits for a mail. For the scheduler, once an hour. Returns how many users."""
    due = _with_mail().filter(_not_looked_at(as_of)).order_by().values_list("user_id", flat=True).distinct()
    with transaction.atomic():
        users = list(due[:GIVEN_AT_ONCE])
        for user_id in users:
            searches_mail.enqueue(str(user_id))
    return len(users)


def searches_mail_now(*, user_id: UUID, as_of: datetime) -> int:
    """Returns of how many searches the mail tells; 0: none was sent. Raises SearchesNotMailed.

    Looking is claimed first, so two workers at once send one mail. Nobody is told who may not browse at present.
    """
    user = User.objects.select_related("client").get(id=user_id)
    if user.client_id is None:
        return 0
    own = _with_mail().filter(user_id=user_id, client_id=user.client_id)
    claimed = own.filter(_not_looked_at(as_of)).update(looked_at_utc=as_of)
    if not claimed or not user.is_active or Act.BROWSE not in user.acts:
        return 0
    if own.filter(mailed_at_utc__gt=as_of - MAILED_EVERY).exists():
        return 0
    found = searches_found(searches=list(own), buyer=buyer_of(user), as_of=as_of)
    news = [told for each in found if (told := _news(each)).passes or told.before is not None]
    if news and not _send(user, news):
        own.update(looked_at_utc=None)
        raise SearchesNotMailed
    told_of = {told.found.search.id for told in news}
    for each in found:
        search, mail_from = each.search, each.search.mail_from
        SavedSearch.objects.filter(id=search.id).update(
            was_below=mail_from is not None and each.count < mail_from,
            known_price=each.price,
            mailed_at_utc=as_of if search.id in told_of else search.mailed_at_utc,
        )
    return len(news)


def _with_mail() -> QuerySet[SavedSearch]:
    return SavedSearch.objects.filter(Q(mail_from__isnull=False) | Q(mail_on_price=True))


def _not_looked_at(as_of: datetime) -> Q:
    return Q(looked_at_utc=None) | Q(looked_at_utc__lte=as_of - LOOKED_EVERY)


def _news(found: Found) -> News:
    search = found.search
    passes = search.mail_from is not None and search.was_below and found.count >= search.mail_from
    before = search.known_price
    falls = search.mail_on_price and before is not None and found.price is not None and found.price < before
    return News(found, passes, before if falls else None)


def _send(user: User, news: Sequence[News]) -> bool:
    site = news[0].found.search.site.rstrip("/")
    stop = site + reverse("sales:search-stop", args=[stop_token(user.id)])
    context = {"news": news, "site": site, "stop": stop}
    message = mail_message(
        f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}News of your saved searches",
        render_to_string("saved/email/news.txt", context),
        [user.email],
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    try:
        message.send()
    except OSError:  # SMTPException is a subclass
        logger.exception("A mail about saved searches could not be sent.")
        return False
    return True
