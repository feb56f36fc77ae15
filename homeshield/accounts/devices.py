"""Known devices: browsers that have signed in to an account.

Someone guessing passwords must not lock the owner out. So wrong passwords count per address and account, for all
unknown devices together, and separately for a known device.

The signed cookie holds a random id and digests of addresses, so it identifies nobody.
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
"""Per browser; the latest ones are kept."""

_SALT = "homeshield.accounts.devices"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, with digests of its accounts, latest first."""

    id: str
    accounts: tuple[str, ...] = ()

    def knows(self, email: str) -> bool:
        return _digest(email) in self.accounts


def device_of(request: HttpRequest) -> Device | None:
    """Returns the device in a valid cookie."""
    try:
        held = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KEPT)
        return Device(held["id"], tuple(held["accounts"]))
    except (signing.BadSignature, KeyError, TypeError):
        return None


def device_remember(request: HttpRequest, response: HttpResponseBase, *, email: str) -> None:
    """Makes the browser known to the account that just signed in."""
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
