import secrets
from datetime import datetime
from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.template.loader import render_to_string

from homeshield.accounts.company_names import company_name_fault
from homeshield.accounts.errors import AccountRefused, EmailTaken
from homeshield.accounts.models import Client, ClientStatus, User
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.mails import mail_send

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without lookalikes: i, l, o, 0, 1."""


def client_create(*, company: str, email: str, password: str, status: ClientStatus) -> tuple[Client, User]:
    """Creates a company and its owner, who can sign in at once.

    Raises EmailTaken, and AccountRefused, which names the argument.
    """
    client = _client(company, status)
    user = User(email=_normal(email), client=client, role=ClientRole.OWNER)
    with transaction.atomic():
        _client_save(client)
        _user_save(user, password)
    return client, user


def client_sign_up(*, company: str, owner: User) -> Client:
    """Creates a company, pending approval unless CLIENTS_NEED_APPROVAL is off. Raises AccountRefused."""
    status = ClientStatus.PENDING if settings.CLIENTS_NEED_APPROVAL else ClientStatus.ACTIVE
    client = _client(company, status)
    _client_save(client)
    owner.client, owner.role = client, ClientRole.OWNER
    return client


def user_create(*, email: str, password: str, client: Client, role: ClientRole) -> User:
    """Creates a user; `password` comes from `password_hash`. Raises EmailTaken, AccountRefused."""
    user = User(email=_normal(email), client=client, role=role)
    user.password = password
    _user_insert(user)
    return user


def password_hash(*, email: str, password: str) -> str:
    """Call it outside a transaction: it is slow. Raises AccountRefused."""
    user = User(email=_normal(email))
    _password_set(user, password)
    return user.password


def user_unproven(email: str) -> User | None:
    """Returns the user who signed up with an address but never verified it."""
    proved = EmailAddress.objects.filter(user=models.OuterRef("pk"), verified=True)
    return User.objects.filter(~models.Exists(proved), email=email, is_staff=False, last_login=None).first()


def user_prove(*, user: User, password: str, client: Client, role: ClientRole) -> None:
    """Gives an unproven user to whoever proved the address: the old password and company may be someone else's.

    `password` comes from `password_hash`.
    """
    user.password = password
    user.client, user.role = client, role
    with transaction.atomic():
        user.save(update_fields=["password", "client", "role"])
        sign_in_address_set(user=user)


def company_check(company: str) -> str:
    """Returns the cleaned company name. Raises AccountRefused."""
    return _client(company, ClientStatus.PENDING).name


def staff_create(*, email: str, password: str) -> User:
    """Creates a superuser. Raises EmailTaken, AccountRefused."""
    user = User(email=_normal(email), is_staff=True, is_superuser=True)
    _user_save(user, password)
    return user


def sign_in_address_set(*, user: User) -> None:
    """Makes the user's address allauth's only one, verified.

    Call it whenever staff change `User.email`: they vouch for it.
    """
    with transaction.atomic():
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def address_is_taken(email: str) -> bool:
    """Whether a user signs in with it. An unverified claim does not count."""
    return User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email, verified=True).exists()


def second_factor_remove(*, user: User, as_of: datetime) -> int:
    """Removes all factors and recovery codes, and mails the user. Returns how many.

    The caller has verified who is asking.
    """
    removed: int
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if removed:
            audit_record(
                action=AuditAction.MFA_REMOVE,
                obj=user,
                client_id=user.client_id,
                details={"by_staff": True, "removed": removed},
                as_of=as_of,
            )
            text = render_to_string("accounts/email/second_factor_removed.txt")
            subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}Two-step verification was removed"
            transaction.on_commit(partial(mail_send, subject, text, [user.email]), robust=True)
    return removed


def password_generate() -> str:
    """Returns 20 random characters (99 bits), such as `k7mwp-3xqdv-hn9tz-c4rby`."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _client(company: str, status: ClientStatus) -> Client:
    if fault := company_name_fault(company.strip()):
        raise AccountRefused(field="company", reason=fault)
    client = Client(name=company.strip(), status=status)
    _check(client, {"name": "company"})
    return client


def _client_save(client: Client) -> None:
    client.save(force_insert=True)
    audit_record(
        action=AuditAction.CLIENT_CREATE,
        obj=client,
        client_id=client.id,
        details={"status": client.status},
        as_of=None,
    )


def user_check(user: User) -> None:
    """Raises EmailTaken, AccountRefused."""
    if address_is_taken(user.email):
        raise EmailTaken
    _check(user, {"client": "company"})


def _user_save(user: User, password: str) -> None:
    user_check(user)
    _password_set(user, password)
    _user_insert(user)


def _user_insert(user: User) -> None:
    user_check(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            sign_in_address_set(user=user)
            audit_record(
                action=AuditAction.USER_CREATE,
                obj=user,
                client_id=user.client_id,
                details={"is_staff": user.is_staff, "is_superuser": user.is_superuser},
                as_of=None,
            )
    except IntegrityError as error:
        if address_is_taken(user.email):  # lost the race
            raise EmailTaken from error
        raise


def _password_set(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccountRefused(field="password", reason=" ".join(error.messages)) from error
    user.set_password(password)


def _check(row: models.Model, argument_of: dict[str, str]) -> None:
    """Raises AccountRefused for the first invalid field."""
    try:
        # `address_is_taken` checks uniqueness, races included.
        row.full_clean(exclude=["client", "password"], validate_unique=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise AccountRefused(field=argument_of.get(field, field), reason=" ".join(messages)) from error


def _normal(email: str) -> str:
    return email.strip().lower()
