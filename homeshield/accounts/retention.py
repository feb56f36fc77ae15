"""Accounts that were never confirmed, companies that nobody belongs to, and used-up rates."""

from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, ProtectedError, QuerySet

from homeshield.accounts.models import ApiAllowance, ApiKey, Client, ClientChange, Invitation, User
from homeshield.lib.retention import Kept


def _unverified(before: datetime) -> QuerySet[User]:
    """Users who signed up before an instant, never confirmed an address and never signed in. No staff."""
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    return User.objects.filter(
        ~Exists(verified), created_at_utc__lt=before, last_login=None, is_staff=False, is_superuser=False
    )


def _forsaken(before: datetime) -> QuerySet[Client]:
    """Companies of sign-ups before an instant that nobody can use: no user but unverified ones, no key, no invitation.

    One that staff have changed stays, because that is on record. Its standing does not matter: where sign-ups need no
    approval, it is active from the start.
    """
    unverified = _unverified(before).values("id")
    used_by = (
        User.objects.filter(client=OuterRef("pk")).exclude(id__in=unverified),
        *(model._default_manager.filter(client=OuterRef("pk")) for model in (ApiKey, Invitation, ClientChange)),
    )
    return Client.objects.filter(*(~Exists(rows) for rows in used_by), created_at_utc__lt=before)


def sign_ups_remove(before: datetime) -> int:
    """Removes such users. One that something refers to stays, and so does the last owner of a company in use."""
    removed = 0
    for user in list(_unverified(before)):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                user.delete()
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the trigger that keeps an owner refuses here
        except (ProtectedError, IntegrityError):
            continue
        removed += 1
    return removed


def companies_remove(before: datetime) -> int:
    """Removes such companies once their users have gone. One that any row refers to stays: the database refuses."""
    empty = _forsaken(before).exclude(Exists(User.objects.filter(client=OuterRef("pk"))))
    return sum(_company_removed(client_id) for client_id in list(empty.values_list("id", flat=True)))


def _company_removed(client_id: UUID) -> bool:
    """By a statement of its own: Django would first read every table that names clients, millions of rows of some."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("DELETE FROM clients WHERE id = %s", [client_id])
    except IntegrityError:
        return False
    return True


def _full_again(before: datetime) -> QuerySet[ApiAllowance]:
    return ApiAllowance.objects.filter(full_at_utc__lt=before)


KEPT = (
    Kept(what="Sign-ups without a confirmed address", days=30, count=lambda before: _unverified(before).count(),
         remove=sign_ups_remove),
    Kept(what="Companies that nobody belongs to", days=30, count=lambda before: _forsaken(before).count(),
         remove=companies_remove),
    Kept(what="Rates of keys and addresses, full again", days=1, count=lambda before: _full_again(before).count(),
         remove=lambda before: _full_again(before).delete()[0]),
)  # fmt: skip
