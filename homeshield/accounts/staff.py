"""Only operators, at the command line, decide who is staff.

The database enforces it: the web role cannot make anyone staff (docs/decisions, "walls").
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from homeshield.accounts.errors import AccountRefused
from homeshield.accounts.models import User
from homeshield.accounts.services import sign_in_address_set, user_check
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import Details, audit_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """Without any, the user is not staff."""

    groups: frozenset[str] = frozenset()
    superuser: bool = False


def staff_set(*, email: str, powers: Powers, create: bool = False, as_of: datetime) -> tuple[User, Powers]:
    """Gives a user exactly these powers. Returns the user and the previous powers.

    With `create`, creates a missing user, who sets a password through "Forgot your password?". Raises AccountRefused
    for `email` or `groups`.
    """
    with transaction.atomic(durable=True):
        user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
        if user is None:
            if not create:
                raise AccountRefused(
                    field="email", reason="Nobody has this address. Add --create to make a user with it."
                )
            user = _user_create(email, as_of)
        if user.client_id and powers != Powers():
            raise AccountRefused(
                field="email", reason="This user buys for a company. Staff need an address of their own."
            )
        before = powers_of(user)
        user.groups.set(_groups(powers.groups))
        user.user_permissions.clear()
        user.is_superuser = powers.superuser
        user.is_staff = powers != Powers()
        user.save(update_fields=["is_staff", "is_superuser"])
        details: Details = {"superuser": powers.superuser, "groups": sorted(powers.groups)}
        audit_record(action=AuditAction.USER_PERMISSIONS, obj=user, details=details, as_of=as_of)
        return user, before


def powers_of(user: User) -> Powers:
    return Powers(groups=frozenset(user.groups.values_list("name", flat=True)), superuser=user.is_superuser)


def _user_create(email: str, as_of: datetime) -> User:
    user = User(email=email.strip().lower())
    user_check(user)
    user.set_unusable_password()
    user.save(force_insert=True)
    sign_in_address_set(user=user)
    details: Details = {"is_staff": False, "is_superuser": False}
    audit_record(action=AuditAction.USER_CREATE, obj=user, details=details, as_of=as_of)
    return user


def _groups(names: Collection[str]) -> list[Group]:
    found = list(Group.objects.filter(name__in=names))
    if unknown := sorted(set(names) - {group.name for group in found}):
        there = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        raise AccountRefused(field="groups", reason=f"There is no group {', '.join(unknown)}. The groups are: {there}.")
    return found
