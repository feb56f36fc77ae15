from functools import cached_property
from typing import override

from django.conf import settings
from django.http import HttpRequest

from homeshield.accounts.models import ApiKey, User
from homeshield.lib.origin import NOBODY, Actor, Origin, new_request_id, well_formed
from homeshield.lib.visitor_address import visitor_address


class RequestOrigin(Origin):
    """Looks up lazily: the middleware that knows the user runs later."""

    def __init__(self, request: HttpRequest) -> None:
        channel = "api" if request.path.startswith("/api/") else "page"
        super().__init__(channel=channel, request_id=_request_id(request))
        self.request = request

    @property
    @override
    def source(self) -> str:
        """The view name, such as `sales:draft-buy`. Never the URL, which may contain a secret."""
        match = self.request.resolver_match
        return match.view_name if match else ""

    @property
    @override
    def actor(self) -> Actor:
        """The user, or the key's prefix and its creator's id."""
        if key := self.key:
            return Actor(key.created_by_id, key.prefix)
        user = getattr(self.request, "user", None)
        return Actor(user.id, user.email) if isinstance(user, User) else NOBODY

    @cached_property
    @override
    def address(self) -> str | None:
        """From X-Forwarded-For behind TRUSTED_PROXY_COUNT proxies."""
        return visitor_address(self.request.META, proxies=settings.ALLAUTH_TRUSTED_PROXY_COUNT)

    @property
    def key(self) -> ApiKey | None:
        key = getattr(self.request, "auth", None)
        return key if isinstance(key, ApiKey) else None

    @property
    def known_user(self) -> User | None:
        """Only if already loaded: a log line is not worth a query."""
        user = getattr(self.request, "_cached_user", None)
        return user if isinstance(user, User) else None


def _request_id(request: HttpRequest) -> str:
    """Trusts the id only from our own proxy."""
    given = request.headers.get("X-Request-ID", "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
    return given if well_formed(given) else new_request_id()
