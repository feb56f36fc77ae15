"""Ends sessions when idle and when credentials change.

The last request is written at most once a minute, so a session may end a minute early, never late.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.account import signals as account_signals
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record

SEEN = "seen"
"""The last request, in seconds since 1970."""

WRITTEN_EVERY = 60

REMOVED_AT_ONCE = 5_000
"""Rows per transaction, so a backlog blocks nothing."""


class IdleMiddleware:
    """Ends idle sessions, earlier for staff. Must follow AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith(("/api/", "/health")):
            _keep_or_end(request)
        return self.get_response(request)


def _keep_or_end(request: HttpRequest) -> None:
    user = request.user
    if not isinstance(user, User):
        return
    now = int(timezone.now().timestamp())
    idle = now - request.session.get(SEEN, now - WRITTEN_EVERY)
    if idle >= 60 * (settings.STAFF_SESSION_IDLE_MINUTES if user.is_staff else settings.SESSION_IDLE_MINUTES):
        audit_record(
            action=AuditAction.SESSION_END,
            obj=user,
            actor=user,
            client_id=user.client_id,
            details={"idle_minutes": idle // 60},
            as_of=None,
        )
        request.session.flush()
        request.user = AnonymousUser()
        request.signed_out = True  # type: ignore[attr-defined]  # for HeadersMiddleware
        messages.info(request, "You were signed out after a while without activity.")
    elif idle >= WRITTEN_EVERY:
        request.session[SEEN] = now


def other_sessions_end(*, user: User, request: HttpRequest | None) -> None:
    """They may be an intruder's."""
    own = request.session.session_key if request is not None and request.user == user else None
    for session in UserSession.objects.filter(user=user).exclude(session_key=own):
        session.end()


def ended_sessions_remove(*, as_of: datetime) -> int:
    """Deletes ended sessions, which hold addresses and browsers. Returns how many."""
    removed = _remove(Session.objects.filter(expire_date__lt=as_of))
    still_there = Session.objects.filter(session_key=OuterRef("session_key"))
    # An hour, or a session about to be written would count as missing.
    _remove(UserSession.objects.filter(~Exists(still_there), created_at__lt=as_of - timedelta(hours=1)))
    return removed


def _remove(rows: QuerySet[Any]) -> int:
    """Skips locked rows, so several can run at once."""
    removed, number = 0, REMOVED_AT_ONCE
    while number >= REMOVED_AT_ONCE:
        with transaction.atomic():
            batch = rows.select_for_update(of=("self",), skip_locked=True).values("pk")[:REMOVED_AT_ONCE]
            number, _ = rows.model._default_manager.filter(pk__in=batch).delete()
        removed += number
    return removed


def _how_to_sign_in_changed(request: HttpRequest, user: User, **_: Any) -> None:
    if request.user == user:
        update_session_auth_hash(request, user)  # the hash covers address and password
        UserSession.objects.create_from_request(request)
    other_sessions_end(user=user, request=request)


def _signed_in(request: HttpRequest, **_: Any) -> None:
    request.session[SEEN] = int(timezone.now().timestamp())


def _signed_out(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        request.signed_out = True  # type: ignore[attr-defined]  # for HeadersMiddleware


for signal in (account_signals.email_changed, account_signals.password_changed, account_signals.password_set,
               account_signals.password_reset):  # fmt: skip
    signal.connect(_how_to_sign_in_changed, dispatch_uid=__name__)
user_logged_in.connect(_signed_in, dispatch_uid=__name__)
user_logged_out.connect(_signed_out, dispatch_uid=__name__)
