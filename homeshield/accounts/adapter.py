import base64
import logging
from collections.abc import Iterable
from typing import Any, override

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from homeshield.accounts import hashers
from homeshield.accounts.browser_names import browser_name
from homeshield.accounts.devices import device_of, device_remember
from homeshield.accounts.errors import PasswordsBusy, TooManyPasswords
from homeshield.accounts.models import Client, User
from homeshield.accounts.services import client_sign_up
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.derived_keys import derived_keys
from homeshield.lib.mails import html_attach
from homeshield.lib.visitor_address import visitor_address

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up creates a company; sign-in slows guessing without locking anyone out."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This email and password don’t match. Try again, or reset your password.",
        "incorrect_code": "This code isn’t right. Check it, or ask for a new one.",
    }

    @override
    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        assert isinstance(user, User)
        super().save_user(request, user, form, commit=False)  # slow: outside the transaction
        with transaction.atomic():
            self.client_signed_up(client_sign_up(company=form.cleaned_data["company"], owner=user))
            if commit:
                user.save()
        return user

    def client_signed_up(self, client: Client) -> None:
        """For the floors above, in the sign-up's transaction."""

    @override
    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff without a company land in the admin."""
        user = request.user
        if isinstance(user, User) and user.is_staff and not user.client_id:
            return reverse("admin:index")
        address: str = super().get_login_redirect_url(request)
        return address

    @override
    def clean_email(self, email: str) -> str:
        """Refuses an overlong address, which allauth would truncate."""
        User._meta.get_field("email").run_validators(email)
        cleaned: str = super().clean_email(email)
        return cleaned

    @override
    def send_account_already_exists_mail(self, email: str) -> None:
        """Hashes a password as a real sign-up does: its time must not reveal a taken address."""
        make_password("as slow as the real one")
        super().send_account_already_exists_mail(email)

    @override
    def send_notification_mail(self, *arguments: Any, **named: Any) -> None:
        """The change is already made, so a mail failure is only logged."""
        try:
            super().send_notification_mail(*arguments, **named)
        except OSError:  # SMTPException is a subclass
            logger.exception("A notification could not be mailed.")

    @override
    def render_mail(self, *arguments: Any, **named: Any) -> EmailMessage:
        message: EmailMessage = super().render_mail(*arguments, **named)
        assert isinstance(message, EmailMultiAlternatives)
        html_attach(message)
        return message

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        """Raises PermissionDenied if the address is unknown."""
        address = visitor_address(request.META, proxies=settings.ALLAUTH_TRUSTED_PROXY_COUNT)
        if address is None:
            raise PermissionDenied("Neither the connection nor a proxy tells where this request comes from.")
        return address

    @override
    def get_http_user_agent(self, request: HttpRequest) -> str:
        """In words, for mails: a User-Agent may hold what reads as a link."""
        return browser_name(request.headers.get("User-Agent", ""))

    @override
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the attempt first. Raises ValidationError, PasswordsBusy."""
        if hashers.GATE.is_full:
            raise PasswordsBusy
        super().pre_authenticate(request, **credentials)
        if _is_known(request, credentials):
            return
        usage = ratelimit.consume(
            request, app="allauth.account", action="login_failed_elsewhere", key=_email(credentials)
        )
        if not usage:
            raise self.validation_error("too_many_login_attempts")
        self._elsewhere = usage

    @override
    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Only the user's own or a verified address; allauth accepts any added one."""
        self._elsewhere = None
        try:
            user: User | None = super().authenticate(request, **credentials)
        except (PasswordsBusy, TooManyPasswords):  # not checked, so not counted
            self._rollback_login_failed_rl_usage()
            if self._elsewhere:
                self._elsewhere.rollback()
            raise
        email = _email(credentials)
        if (
            user is None
            or email == user.email
            or EmailAddress.objects.filter(user=user, email=email, verified=True).exists()
        ):
            if user is not None and self._elsewhere:
                self._elsewhere.rollback()
            return user
        user_login_failed.send(sender=__name__, credentials={"email": email}, request=request)
        return None

    @override
    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """Only the factor, if there is one: else an older session and the password could remove it.

        A code by mail is for users with neither, such as Google sign-ins.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if factors := [method for method in methods if method["id"].startswith("mfa_reauthenticate")]:
            return factors
        return [method for method in methods if method["id"] != "reauthenticate_by_code"] or methods

    @override
    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **details: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **details)
        assert isinstance(user, User)
        device_remember(request, response, email=user.email)
        return response

    @override
    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Per known device and account, else per address and account."""
        device = device_of(request)
        if device and _is_known(request, credentials):
            return f"device:{device.id}:{_email(credentials)}"
        return f"address:{ratelimit.get_ip(request)}:{_email(credentials)}"

    @override
    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """After a reset by mail, the user may sign in at once."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(request, app="allauth.account", action="login_failed_elsewhere", key=_email(credentials))


def _email(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", "")).strip().lower()


def _is_known(request: HttpRequest, credentials: dict[str, Any]) -> bool:
    device = device_of(request)
    return device is not None and device.knows(_email(credentials))


class SessionsAdapter(DefaultUserSessionsAdapter):
    @override
    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        for session in list(sessions):
            audit_record(
                action=AuditAction.SESSION_END,
                obj=("usersessions.usersession", session.pk),
                client_id=session.user.client_id,
                as_of=None,
            )
            session.end()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Encrypts with a key derived from SECRET_KEY or SECRET_KEY_FALLBACKS."""

    @override
    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    @override
    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived_keys("homeshield second factors")])
