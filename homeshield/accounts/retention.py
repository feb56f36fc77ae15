"""Accounts that were never confirmed, and used-up rates."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, QuerySet

from homeshield.accounts.models import ApiAllowance, Client, ClientStatus, User
from homeshield.lib.retention import Kept


def _unverified(before: datetime) -> QuerySet[User]:
    """Users who signed up before an instant, never confirmed an address and never signed in. No staff."""
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    return User.objects.filter(
        ~Exists(verified), created_at_utc__lt=before, last_login=None, is_staff=False, is_superuser=False
    )


def sign_ups_remove(before: datetime) -> int:
    """Removes such users, and their companies where nobody else belongs to them. One that something refers to stays."""
    removed = 0
    for user in list(_unverified(before)):
        try:
            with transaction.atomic():
                client_id = user.client_id
                user.delete()
                if client_id and not User.objects.filter(client_id=client_id).exists():
                    Client.objects.filter(id=client_id, status=ClientStatus.PENDING).delete()
                removed += 1
        except ProtectedError:
            continue
    return removed


def _full_again(before: datetime) -> QuerySet[ApiAllowance]:
    return ApiAllowance.objects.filter(full_at_utc__lt=before)


KEPT = (
    Kept(what="Sign-ups without a confirmed address", days=30, count=lambda before: _unverified(before).count(),
         remove=sign_ups_remove),
    Kept(what="Rates of keys and addresses, full again", days=1, count=lambda before: _full_again(before).count(),
         remove=lambda before: _full_again(before).delete()[0]),
)  # fmt: skip
