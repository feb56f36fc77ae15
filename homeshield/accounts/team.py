"""Each change locks the client's row, so that two owners acting at once cannot remove the last owner."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.template.loader import render_to_string

from homeshield.accounts.company_names import name_for_mail
from homeshield.accounts.errors import (
    AccountRefused,
    InvitationGone,
    KeysNotShown,
    LastOwner,
    MailNotSent,
    MemberNotFound,
    NotInvited,
)
from homeshield.accounts.keys import key_revoke, keys_made_by
from homeshield.accounts.models import Client, User
from homeshield.accounts.permissions import ROLE_MAY, Act, ClientRole, require
from homeshield.accounts.services import address_is_taken, password_hash, user_create, user_prove, user_unproven
from homeshield.accounts.team_models import Invitation
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.mails import mail_send

INVITATION_GOOD_FOR = timedelta(days=7)
MOST_OPEN_INVITATIONS = 50
"""Per client, against mail abuse."""

_SALT = "homeshield.accounts.team.invitation"


def team_of(client_id: UUID) -> list[User]:
    """Returns owners first, then by email."""
    order = list(ClientRole)
    members = User.objects.filter(client_id=client_id).order_by("email")
    return sorted(members, key=lambda user: order.index(ClientRole(user.role)))


def invitations_of(client_id: UUID, *, as_of: datetime) -> list[Invitation]:
    """Returns open invitations, newest first."""
    return list(_open(as_of).filter(client_id=client_id).select_related("invited_by"))


def invitation_send(
    *, client_id: UUID, email: str, role: ClientRole, by: User, link_of: Callable[[str], str], as_of: datetime
) -> Invitation:
    """Invites an address. Replaces an open invitation, so only the newest link works.

    `link_of` turns a token into a URL. Raises AccountRefused, StatusForbids, and MailNotSent once all is saved. Must
    not reveal whether the address has an account elsewhere.
    """
    email = email.strip().lower()
    try:
        Invitation._meta.get_field("email").run_validators(email)
    except ValidationError as error:
        raise AccountRefused(field="email", reason=" ".join(error.messages)) from error
    with transaction.atomic():
        client = Client.objects.select_for_update().get(id=client_id)
        require(Act.INVITE, granted=ROLE_MAY[ClientRole.OWNER], status=client.status)
        if User.objects.filter(client=client, email=email).exists():
            raise AccountRefused(field="email", reason="This address is in your team already.")
        Invitation.objects.filter(
            client=client, email=email, accepted_at_utc__isnull=True, withdrawn_at_utc__isnull=True
        ).update(withdrawn_at_utc=as_of)
        if _open(as_of).filter(client=client).count() >= MOST_OPEN_INVITATIONS:
            raise AccountRefused(
                field="email", reason=f"{MOST_OPEN_INVITATIONS} invitations are open. Withdraw some of them first."
            )
        invitation = Invitation.objects.create(
            client=client, email=email, role=role, invited_by=by, created_at_utc=as_of,
            expires_at_utc=as_of + INVITATION_GOOD_FOR,
        )  # fmt: skip
        _record(AuditAction.INVITATION_SEND, invitation, as_of=as_of)
        transaction.on_commit(partial(_mail, invitation, client, by, link_of(_token(invitation))))
    return invitation


def _mail(invitation: Invitation, client: Client, by: User, link: str) -> None:
    context = {"company": name_for_mail(client.name), "by": by.email, "link": link}
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}You are invited to join a company"
    try:
        mail_send(subject, render_to_string("accounts/email/invitation.txt", context), [invitation.email])
    except OSError as error:  # SMTPException is a subclass
        raise MailNotSent from error


def invitation_withdraw(*, client_id: UUID, invitation_id: UUID, as_of: datetime) -> None:
    """Invalidates an invitation's link. Raises InvitationGone."""
    with transaction.atomic():
        invitation = _open(as_of).select_for_update(of=("self",)).filter(client_id=client_id, id=invitation_id).first()
        if invitation is None:
            raise InvitationGone
        invitation.withdrawn_at_utc = as_of
        invitation.save(update_fields=["withdrawn_at_utc"])
        _record(AuditAction.INVITATION_WITHDRAW, invitation, as_of=as_of)


def invitation_find(token: str, *, as_of: datetime) -> Invitation:
    """Returns the open invitation. Raises InvitationGone."""
    invitation = _open(as_of).select_related("client").filter(id=_id_of(token)).first()
    if invitation is None:
        raise InvitationGone
    return invitation


def invitation_accept(*, token: str, password: str, as_of: datetime) -> User:
    """Creates a user in the team. The mailed link proves the address.

    An unproven account with the address goes to whoever has the link; otherwise anyone could block an invitation by
    signing up first. Raises InvitationGone, EmailTaken, AccountRefused.
    """
    hashed = password_hash(email=invitation_find(token, as_of=as_of).email, password=password)
    with transaction.atomic():
        invitation = _claim(token, as_of)
        account: dict[str, Any] = {
            "password": hashed,
            "client": invitation.client,
            "role": ClientRole(invitation.role),
        }
        if user := user_unproven(invitation.email):
            user_prove(user=user, **account)
        else:
            user = user_create(email=invitation.email, **account)
        _record(AuditAction.INVITATION_ACCEPT, invitation, as_of=as_of, actor=user)
    return user


def invitation_join(*, token: str, user: User, as_of: datetime) -> None:
    """Raises InvitationGone, and NotInvited if the invitation is another's or the user is staff or in a team."""
    with transaction.atomic():
        invitation = _claim(token, as_of)
        user = User.objects.select_for_update(of=("self",)).get(id=user.id)
        if user.email != invitation.email or user.client_id is not None or user.is_staff:
            raise NotInvited
        user.client, user.role = invitation.client, invitation.role
        user.save(update_fields=["client", "role"])
        _record(AuditAction.INVITATION_ACCEPT, invitation, as_of=as_of, actor=user)


def may_join(invitation: Invitation, user: User | AnonymousUser) -> bool:
    """Whether the signed-in user can accept."""
    return isinstance(user, User) and user.email == invitation.email and user.client_id is None and not user.is_staff


def has_account(invitation: Invitation) -> bool:
    """Whether the address signs in. Tell only whoever has the link, and so the mailbox."""
    return address_is_taken(invitation.email) and user_unproven(invitation.email) is None


def member_role_change(*, client_id: UUID, user_id: UUID, role: ClientRole, as_of: datetime) -> User:
    """Changes a user's role. Raises MemberNotFound, LastOwner."""
    with transaction.atomic():
        user = _member(client_id, user_id)
        was, user.role = user.role, role
        if was == role:
            return user
        user.save(update_fields=["role"])
        _require_owner(client_id)
        audit_record(
            action=AuditAction.USER_ROLE, obj=user, client_id=client_id, details={"was": was, "is": role}, as_of=as_of
        )
    return user


def member_find(*, client_id: UUID, user_id: UUID) -> User:
    """Returns a team member. Raises MemberNotFound."""
    user = User.objects.filter(client_id=client_id, id=user_id).first()
    if user is None:
        raise MemberNotFound
    return user


def member_remove(
    *,
    client_id: UUID,
    user_id: UUID,
    keys_shown: Collection[UUID] = (),
    keys_revoked: Collection[UUID] = (),
    as_of: datetime,
) -> tuple[User, int]:
    """Removes a user and revokes `keys_revoked`. Returns the user and how many.

    `keys_shown` are the keys the owner saw: a newer one would survive unnoticed. Raises MemberNotFound, KeysNotShown,
    LastOwner.
    """
    with transaction.atomic():
        user = _member(client_id, user_id)
        keys = keys_made_by(user)  # all: a new key waits for the client's row
        if any(key.id not in keys_shown for key in keys):
            raise KeysNotShown
        revoked = [key for key in keys if key.id in keys_revoked]
        for key in revoked:
            key_revoke(client_id=client_id, key_id=key.id, as_of=as_of)
        was = user.role
        user.client, user.role = None, ClientRole.VIEWER
        user.save(update_fields=["client", "role"])
        _require_owner(client_id)
        audit_record(
            action=AuditAction.USER_ROLE, obj=user, client_id=client_id, details={"was": was, "is": None}, as_of=as_of
        )
    return user, len(revoked)


def _member(client_id: UUID, user_id: UUID) -> User:
    """Locks the client first."""
    Client.objects.select_for_update().get(id=client_id)
    user = User.objects.select_for_update(of=("self",)).filter(client_id=client_id, id=user_id).first()
    if user is None:
        raise MemberNotFound
    return user


def _require_owner(client_id: UUID) -> None:
    if not User.objects.filter(client_id=client_id, role=ClientRole.OWNER, is_active=True).exists():
        raise LastOwner


def _open(as_of: datetime) -> models.QuerySet[Invitation]:
    return Invitation.objects.filter(
        accepted_at_utc__isnull=True, withdrawn_at_utc__isnull=True, expires_at_utc__gt=as_of
    )


def _claim(token: str, as_of: datetime) -> Invitation:
    """A second click finds no invitation. Locks the client first, as `invitation_send` does, or the two would
    deadlock.
    """
    Client.objects.select_for_update().get(id=invitation_find(token, as_of=as_of).client_id)
    locked = _open(as_of).select_for_update(of=("self",)).select_related("client")
    invitation = locked.filter(id=_id_of(token)).first()
    if invitation is None:
        raise InvitationGone
    invitation.accepted_at_utc = as_of
    invitation.save(update_fields=["accepted_at_utc"])
    return invitation


def _token(invitation: Invitation) -> str:
    return signing.dumps(invitation.id.hex, salt=_SALT)


def _id_of(token: str) -> UUID:
    try:
        return UUID(signing.loads(token, salt=_SALT))
    except signing.BadSignature as error:
        raise InvitationGone from error


def _record(action: AuditAction, invitation: Invitation, *, as_of: datetime, actor: User | None = None) -> None:
    audit_record(
        action=action,
        obj=invitation,
        client_id=invitation.client_id,
        details={"role": invitation.role},
        actor=actor,
        as_of=as_of,
    )
