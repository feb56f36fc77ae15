from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url

from homeshield.accounts.errors import SecondFactorMissing
from homeshield.accounts.models import Client, User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record

FACTORS: Collection[Authenticator.Type] = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes alone do not count."""


def second_factor_step(request: HttpRequest, user: User, *, why: str) -> HttpResponseRedirect | None:
    """Returns the redirect to set up a factor (with the message `why`) or use it; None if done.

    allauth asks only at sign-in, but the session may be older than the factor.
    """
    if not is_mfa_enabled(user, FACTORS):
        messages.warning(request, why)
        return redirect("mfa_index")
    if any(record["method"] == "mfa" for record in get_authentication_records(request, user)):
        return None
    has_app = is_mfa_enabled(user, [Authenticator.Type.TOTP])
    asks = resolve_url("mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn")
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else resolve_url("home")
    return redirect_to_login(back, asks)


def _first_factor_counts(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Setting up the first factor counts as using it; a further one proves nothing."""
    if authenticator.type in FACTORS and Authenticator.objects.filter(user=user, type__in=FACTORS).count() == 1:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


authenticator_added.connect(_first_factor_counts, dispatch_uid=__name__)


def company_second_factor_set(*, client_id: UUID, required: bool, by: User, as_of: datetime) -> Client:
    """Raises SecondFactorMissing if `by` requires it without having one."""
    with transaction.atomic():
        client = Client.objects.select_for_update().get(id=client_id)
        if client.requires_second_factor == required:
            return client
        if required and not is_mfa_enabled(by, FACTORS):
            raise SecondFactorMissing
        client.requires_second_factor = required
        client.save(update_fields=["requires_second_factor"])
        audit_record(
            action=AuditAction.CLIENT_CHANGE,
            obj=client,
            client_id=client.id,
            details={"requires_second_factor": {"was": not required, "is": required}},
            as_of=as_of,
        )
    return client


def with_second_factor(client_id: UUID) -> frozenset[UUID]:
    """Returns user ids."""
    held = Authenticator.objects.filter(user__client_id=client_id, type__in=FACTORS)
    return frozenset(held.values_list("user_id", flat=True))
