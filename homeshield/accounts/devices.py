"""Browsers that somebody has signed in with before: known devices.

Whoever guesses passwords of an account must not be able to shut its owner out. So wrong passwords are counted for each
address of the network and account, all unknown devices together once more, and a known device apart from both. Only a
complete sign-in makes a device known, and only for that account.

The cookie is signed and holds a random id, and digests of the accounts' email addresses: neither says who it is.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "device"
KEPT = timedelta(days=365)
MOST_ACCOUNTS = 8
"""How many accounts one browser is known for: the latest ones."""

_SALT = "homeshield.accounts.devices"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser: its id, and the digests of the accounts that were signed in to with it, the latest first."""

    id: str
    accounts: tuple[str, ...] = ()

    def knows(self, email: str) -> bool:
        return _digest(email) in self.accounts


def device_of(request: HttpRequest) -> Device | None:
    """The device that the request's cookie says; None where there is no cookie, or not one of ours."""
    try:
        held = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KEPT)
        return Device(held["id"], tuple(held["accounts"]))
    except (signing.BadSignature, KeyError, TypeError):
        return None


def device_remember(request: HttpRequest, response: HttpResponseBase, *, email: str) -> None:
    """Makes the browser a known device of the account that it has just signed in to."""
    device = device_of(request) or Device(secrets.token_urlsafe(12))
    others = [account for account in device.accounts if account != _digest(email)]
    accounts = [_digest(email), *others][:MOST_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        signing.dumps({"id": device.id, "accounts": accounts}, salt=_SALT),
        max_age=KEPT,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _digest(email: str) -> str:
    return salted_hmac(_SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:32]
