"""API keys: `hs_live_` + 12 characters + `_` + 40 characters.

The last 40 are the secret, 206 random bits, stored as SHA-256: a slow hash only helps passwords that people make up,
and would slow every call.
"""

import hmac
import secrets
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Model

from homeshield.accounts.allowances import Allowance, call_spend
from homeshield.accounts.errors import KeyNotFound, KeyRefused, TooManyKeys
from homeshield.accounts.models import ApiKey, Client, User
from homeshield.accounts.owner_mail import owners_mail
from homeshield.accounts.permissions import Act, require_role, require_status
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.instants import instant_text

PREFIX = "hs_live_"
_ALPHABET = string.ascii_lowercase + string.digits
_PUBLIC, _SECRET = 12, 40

MAX_KEYS = 20
"""Few enough to review."""

REVOKED_SHOWN = 20

LAST_USE_EVERY = timedelta(minutes=1)
"""Saves writes for busy keys."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, and the only copy of its token."""

    key: ApiKey
    token: str


def key_create(*, client_id: UUID, name: str, created_by: User | None, as_of: datetime) -> MadeKey:
    """Creates a key and mails the owners.

    Raises KeyRefused, StatusForbids, TooManyKeys, and RoleMayNot if the maker has since lost the role.
    """
    name = name.strip()
    if not name.isprintable():
        raise KeyRefused(reason="A name has no line breaks or control characters.")
    prefix, secret = PREFIX + _random(_PUBLIC), _random(_SECRET)
    key = ApiKey(
        client_id=client_id,
        name=name,
        prefix=prefix,
        digest=_digest(secret),
        created_at_utc=as_of,
        created_by=created_by,
    )
    try:
        key.full_clean(exclude=["client", "created_by"], validate_unique=False)
    except ValidationError as error:
        raise KeyRefused(reason=" ".join(error.messages)) from error
    with transaction.atomic():
        # Orders this against other new keys and against removing a member.
        client = Client.objects.select_for_update(no_key=True).get(id=client_id)
        require_status(Act.KEY_MAKE, status=client.status)
        if created_by is not None and created_by.client_id == client_id:
            maker = User.objects.get(id=created_by.id)
            require_role(Act.KEY_MAKE, granted=maker.granted if maker.client_id == client_id else frozenset())
        require_room(client_id)
        key.save(force_insert=True)
        audit_record(
            action=AuditAction.API_KEY_CREATE, obj=key, client_id=client_id, details={"prefix": prefix}, as_of=as_of
        )
        transaction.on_commit(partial(_tell_owners, key), robust=True)
    return MadeKey(key, f"{prefix}_{secret}")


def _tell_owners(key: ApiKey) -> None:
    """Leaves out the key's name: user input."""
    maker = key.created_by
    context = {
        "prefix": key.prefix,
        "made": instant_text(key.created_at_utc),
        "maker": None if maker is None else maker.email if maker.client_id == key.client_id else "HomeShield staff",
    }
    owners_mail(client_id=key.client_id, subject="New API key", template="accounts/email/key_made.txt", context=context)


def require_room(client_id: UUID) -> None:
    """Raises TooManyKeys."""
    if ApiKey.objects.filter(client_id=client_id, revoked_at_utc__isnull=True).count() >= MAX_KEYS:
        raise TooManyKeys(most=MAX_KEYS)


def key_revoke(*, client_id: UUID, key_id: UUID, as_of: datetime) -> ApiKey:
    """Revokes a key permanently. Raises KeyNotFound."""
    revoked = ApiKey.objects.filter(id=key_id, client_id=client_id, revoked_at_utc__isnull=True)
    with transaction.atomic():
        if not revoked.update(revoked_at_utc=as_of):
            raise KeyNotFound
        key = ApiKey.objects.get(id=key_id)
        audit_record(
            action=AuditAction.API_KEY_REVOKE, obj=key, client_id=client_id, details={"prefix": key.prefix}, as_of=as_of
        )
    return key


def keys_made_by(user: User) -> list[ApiKey]:
    """Returns a user's keys for their current client, newest first."""
    return list(ApiKey.objects.filter(client=user.client, created_by=user, revoked_at_utc__isnull=True))


def keys_of(client_id: UUID) -> list[ApiKey]:
    """Returns keys in force, then the latest revoked."""
    keys = ApiKey.objects.filter(client_id=client_id).select_related("created_by")
    revoked = keys.filter(revoked_at_utc__isnull=False).order_by("-revoked_at_utc", "-id")
    return [*keys.filter(revoked_at_utc__isnull=True), *revoked[:REVOKED_SHOWN]]


def key_find(token: str) -> ApiKey | None:
    """Returns the key in force. Takes equally long for every wrong secret."""
    prefix, _, secret = token.rpartition("_")
    if not (prefix.isascii() and prefix.isprintable()) or len(prefix) != len(PREFIX) + _PUBLIC:
        return None
    key = _key_in_force(prefix)
    if key is None or not hmac.compare_digest(_digest(secret), bytes(key.digest)):
        return None
    return key


_FOUND: tuple[type[Model], ...] = (ApiKey, Client, User)


@cache
def _find_statement() -> str:
    """Handwritten: a QuerySet took nearly half of a short API response (docs/performance.md)."""
    columns = [f'{model._meta.db_table}."{field.column}"' for model in _FOUND for field in model._meta.concrete_fields]
    return f"""
        SELECT {", ".join(columns)} FROM api_keys
        JOIN clients ON clients.id = api_keys.client_id LEFT JOIN users ON users.id = api_keys.created_by_id
        WHERE api_keys.prefix = %s AND api_keys.revoked_at_utc IS NULL
    """  # noqa: S608 - all of it is ours


def _key_in_force(prefix: str) -> ApiKey | None:
    with connection.cursor() as cursor:
        cursor.execute(_find_statement(), [prefix])
        row = cursor.fetchone()
    if row is None:
        return None
    key, client, maker = _instances(row)
    assert isinstance(key, ApiKey)
    key.client = client
    key.created_by = maker if key.created_by_id else None
    return key


def _instances(row: Sequence[Any]) -> Iterator[Any]:
    values = iter(row)
    for model in _FOUND:
        names = [field.attname for field in model._meta.concrete_fields]
        yield model.from_db(connection.alias, names, list(islice(values, len(names))))


def key_use(*, key: ApiKey, as_of: datetime) -> Allowance:
    """Counts a call. Refused calls use up nothing."""
    allowance = call_spend(key_id=key.id, as_of=as_of)
    if allowance.wait:
        return allowance
    if key.last_used_at_utc is None or as_of - key.last_used_at_utc >= LAST_USE_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at_utc=as_of)
    return allowance


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
