"""Records allauth's events from its signals.

Text that matches no user is never stored, because people type passwords there. A keyed digest shows only that two
attempts used the same text.
"""

from datetime import datetime
from typing import Any

from allauth.account import signals as account_signals
from django.apps import apps
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.services import Details, audit_record

UNKNOWN_SIGN_IN = "unknown sign-in address"
"""The object of such an attempt; its id is the digest."""


def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Records no actor: nobody is signed in."""
    typed = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    user = User.objects.filter(email=typed).first()
    audit_record(
        action=AuditAction.SIGN_IN,
        outcome=Outcome.FAILED,
        obj=user or (UNKNOWN_SIGN_IN, _digest(typed)),
        client_id=user.client_id if user else None,
        details={"reason": _reason(user)},
        as_of=_instant(request),
    )


def _reason(user: User | None) -> str:
    if user is None:
        return "unknown_address"
    return "wrong_password" if user.is_active else "inactive"


def _digest(typed: str) -> str:
    return salted_hmac("homeshield.accounts.recording", typed, algorithm="sha256").hexdigest()[:32]


def _instant(request: HttpRequest | None) -> datetime | None:
    return getattr(request, "as_of", None)


def _own_account(
    signal: Signal, action: AuditAction, *, outcome: Outcome = Outcome.DONE, details: Details | None = None
) -> None:
    """Records the signal as the user's act on their own account."""

    def record(request: HttpRequest | None = None, user: User | None = None, **given: Any) -> None:
        confirmed = given.get("email_address")
        user = user or getattr(confirmed, "user", None)
        if user is None:  # sign-out without a session
            return
        facts = dict(details or {})
        if (authenticator := given.get("authenticator")) is not None:
            facts["kind"] = str(authenticator.type)
        audit_record(
            action=action,
            outcome=outcome,
            actor=user,
            obj=user,
            client_id=user.client_id,
            details=facts,
            as_of=_instant(request),
        )

    signal.connect(record, weak=False, dispatch_uid=f"{__name__}.{action}.{outcome}.{details}")


user_login_failed.connect(sign_in_failed, dispatch_uid=f"{__name__}.sign_in_failed")
_own_account(account_signals.user_logged_in, AuditAction.SIGN_IN)
_own_account(user_logged_out, AuditAction.SIGN_OUT)
_own_account(account_signals.user_signed_up, AuditAction.SIGN_UP)
_own_account(account_signals.password_set, AuditAction.PASSWORD_CHANGE, details={"first": True})
_own_account(account_signals.password_changed, AuditAction.PASSWORD_CHANGE)
_own_account(account_signals.password_reset, AuditAction.PASSWORD_RESET)
_own_account(account_signals.email_changed, AuditAction.EMAIL_CHANGE)
_own_account(account_signals.email_confirmed, AuditAction.EMAIL_CONFIRM)
for _signal, _way in (
    (account_signals.login_code_rejected, "sign_in_code"),
    (account_signals.password_reset_code_rejected, "password_reset_code"),
    (account_signals.email_verification_code_rejected, "email_code"),
):
    _own_account(_signal, AuditAction.SIGN_IN, outcome=Outcome.FAILED, details={"reason": f"wrong_{_way}"})

if apps.is_installed("allauth.mfa"):
    from allauth.mfa import signals as mfa_signals

    _own_account(mfa_signals.authenticator_added, AuditAction.MFA_ADD)
    _own_account(mfa_signals.authenticator_removed, AuditAction.MFA_REMOVE)
    _own_account(mfa_signals.authenticator_reset, AuditAction.MFA_RESET)
    _own_account(mfa_signals.authenticator_used, AuditAction.MFA_CHECK)
    _own_account(mfa_signals.authentication_failed, AuditAction.MFA_CHECK, outcome=Outcome.FAILED)
