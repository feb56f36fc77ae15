"""Whence a request comes: its visitor, user or API key, as the audit record and the log name them."""

from functools import cached_property
from typing import override

from django.conf import settings
from django.http import HttpRequest

from homeshield.accounts.models import ApiKey, User
from homeshield.lib.origin import NOBODY, Actor, Origin, new_request_id, well_formed
from homeshield.lib.visitor_address import visitor_address


class RequestOrigin(Origin):
    """Everything but the id is looked up when it is asked for: the middleware that knows it runs later."""

    def __init__(self, request: HttpRequest) -> None:
        channel = "api" if request.path.startswith("/api/") else "page"
        super().__init__(channel=channel, request_id=_request_id(request))
        self.request = request

    @property
    @override
    def source(self) -> str:
        """The page's name, such as `sales:draft-buy`, and never its address, which may hold a secret."""
        match = self.request.resolver_match
        return match.view_name if match else ""

    @property
    @override
    def actor(self) -> Actor:
        """The user who is signed in; or the API key by its beginning, with the id of the user who made it."""
        if key := self.key:
            return Actor(key.created_by_id, key.prefix)
        user = getattr(self.request, "user", None)
        return Actor(user.id, user.email) if isinstance(user, User) else NOBODY

    @cached_property
    @override
    def address(self) -> str | None:
        """The visitor's: by X-Forwarded-For where TRUSTED_PROXY_COUNT proxies are ours."""
        return visitor_address(self.request.META, proxies=settings.ALLAUTH_TRUSTED_PROXY_COUNT)

    @property
    def key(self) -> ApiKey | None:
        """The API key that the request came with, once that was found to be in force."""
        key = getattr(self.request, "auth", None)
        return key if isinstance(key, ApiKey) else None

    @property
    def known_user(self) -> User | None:
        """The user, where the request has asked for it already: a line of the log is not worth a query."""
        user = getattr(self.request, "_cached_user", None)
        return user if isinstance(user, User) else None


def _request_id(request: HttpRequest) -> str:
    """The proxy's, where there is one that is ours and it is well-formed; else a new one."""
    given = request.headers.get("X-Request-ID", "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
    return given if well_formed(given) else new_request_id()
